-- first: the end of what did not
ROLLBACK
