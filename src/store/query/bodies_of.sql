-- reader: the columns of evidence_body, in their order
SELECT shard, seq, name, customer_id, sealed_body FROM evidence_body WHERE shard = $1 AND seq = $2
