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
