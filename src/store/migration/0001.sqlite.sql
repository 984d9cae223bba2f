-- Evidence takes inserts only, whoever asks.
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal takes inserts only'); END;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal takes inserts only'); END;
CREATE TRIGGER evidence_body_keeps BEFORE UPDATE ON evidence_body
BEGIN SELECT RAISE(ABORT, 'evidence_body takes inserts only'); END;
CREATE TRIGGER evidence_body_stays BEFORE DELETE ON evidence_body
BEGIN SELECT RAISE(ABORT, 'evidence_body takes inserts only'); END;
