-- writer: the first owner of a shard
INSERT INTO lease (name, owner, epoch, beat) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
