-- both: the name of the first setting with which this database could lose what it was given, or let
-- its server change evidence
SELECT CASE
    WHEN current_setting('fsync') <> 'on' THEN 'fsync'
    WHEN current_setting('full_page_writes') <> 'on' THEN 'full_page_writes'
    WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN 'synchronous_commit'
    WHEN current_setting('server_encoding') <> 'UTF8' THEN 'server_encoding'
    WHEN has_schema_privilege('public', 'CREATE') THEN 'role'
    WHEN has_table_privilege('journal', 'UPDATE, DELETE, TRUNCATE') THEN 'role'
    WHEN has_table_privilege('evidence_body', 'UPDATE, DELETE, TRUNCATE') THEN 'role'
    ELSE ''
END
