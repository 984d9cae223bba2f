-- never: a script, before the first migration
CREATE TABLE IF NOT EXISTS migration (
    number @int NOT NULL PRIMARY KEY,
    name text NOT NULL,
    hash text NOT NULL
) @strict;
