-- both: the name of the first setting with which this database could lose what it was given
SELECT CASE
    WHEN (SELECT journal_mode FROM pragma_journal_mode) <> 'wal' THEN 'journal_mode'
    WHEN (SELECT synchronous FROM pragma_synchronous) <> 2 THEN 'synchronous'
    WHEN (SELECT encoding FROM pragma_encoding) <> 'UTF-8' THEN 'encoding'
    ELSE ''
END
