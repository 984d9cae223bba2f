-- never: a script, before migrations; the mode stays with the file
PRAGMA journal_mode = WAL;
