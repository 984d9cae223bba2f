-- both: what has been done to this database, in order
SELECT number, name, hash FROM migration ORDER BY number
