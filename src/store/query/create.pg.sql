-- never: a script, before migrations
SET lock_timeout = 10000;
