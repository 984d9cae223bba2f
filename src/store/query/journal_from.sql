-- reader: the columns of journal, in their order
SELECT shard, seq, at_ms, customer_id, kind, entry, leaf_hash FROM journal
WHERE shard = $1 AND seq >= $2 ORDER BY seq LIMIT $3
