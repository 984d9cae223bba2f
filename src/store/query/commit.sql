-- first: the end of what went well
COMMIT
