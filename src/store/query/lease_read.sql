-- writer: who owns a shard
SELECT name, owner, epoch, beat FROM lease WHERE name = $1
