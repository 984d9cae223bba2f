-- reader: an active channel with this key; channels are few
SELECT id FROM channel WHERE key_hash = $1 AND state = 1
