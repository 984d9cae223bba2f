-- writer: the next epoch of our own lease, whatever its beat has come to
UPDATE lease SET epoch = $3 WHERE name = $1 AND epoch = $2
