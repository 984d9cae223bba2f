-- Evidence takes inserts only, whoever asks.
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal takes inserts only'); END;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal takes inserts only'); END;
CREATE TRIGGER evidence_body_keeps BEFORE UPDATE ON evidence_body
BEGIN SELECT RAISE(ABORT, 'evidence_body takes inserts only'); END;
CREATE TRIGGER evidence_body_stays BEFORE DELETE ON evidence_body
BEGIN SELECT RAISE(ABORT, 'evidence_body takes inserts only'); END;
-- SQLite would read a customer's whole past by the primary key, whose order it likes. These figures, a
-- large table with few live rows a customer, lead it to the indexes made for loading.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('job', 'job', '10000000 2000 1'), ('job', 'job_live', '10000 2'), ('job', 'job_due', '10000 2 1 1');
