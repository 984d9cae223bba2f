-- writer: nobody owns it now
UPDATE lease SET owner = '' WHERE name = $1 AND epoch = $2
