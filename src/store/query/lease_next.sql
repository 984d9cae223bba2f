-- writer: a take-over, unless the owner has moved since we looked
UPDATE lease SET owner = $2, epoch = $3, beat = $4 WHERE name = $1 AND epoch = $5 AND beat = $6
