-- Two roles: the owner is whoever runs migrations; torimori_app is what the server connects as.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'torimori_app') THEN
        CREATE ROLE torimori_app LOGIN;
    END IF;
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO torimori_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO torimori_app;
REVOKE INSERT, UPDATE, DELETE ON migration FROM torimori_app;
REVOKE DELETE ON lease FROM torimori_app;
-- Evidence takes inserts only.
REVOKE UPDATE, DELETE ON journal, evidence_body FROM torimori_app;
-- A group goes out before its answers are read, so the server itself has to refuse an update or a
-- removal that meets no row. The lease is asked for on purpose without knowing.
CREATE FUNCTION must_meet_a_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM met) THEN
        RAISE EXCEPTION 'no row of % was met', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('lease', 'migration')
    LOOP
        EXECUTE format('CREATE TRIGGER updates_meet AFTER UPDATE ON %I REFERENCING OLD TABLE AS met'
            ' FOR EACH STATEMENT EXECUTE FUNCTION must_meet_a_row()', name);
        EXECUTE format('CREATE TRIGGER removals_meet AFTER DELETE ON %I REFERENCING OLD TABLE AS met'
            ' FOR EACH STATEMENT EXECUTE FUNCTION must_meet_a_row()', name);
    END LOOP;
END
$$;
