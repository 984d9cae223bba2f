-- first: one snapshot for everything until the end
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY
