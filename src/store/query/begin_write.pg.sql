-- writer: the lease's row is the lock
BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE
