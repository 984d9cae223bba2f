-- first: how many tables there are beside the one of migrations, and whether that one is there
SELECT (SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name <> 'migration' AND name NOT LIKE 'sqlite_%'),
    (SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration')
