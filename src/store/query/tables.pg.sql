-- first: how many tables there are beside the one of migrations, and whether that one is there
SELECT (SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'),
    (SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'migration')
