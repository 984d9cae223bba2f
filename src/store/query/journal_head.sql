-- reader: the last row
SELECT seq FROM journal WHERE shard = $1 ORDER BY seq DESC LIMIT 1
