-- never: a script, on every new connection. A writer that stalls inside its transaction must not make
-- a take-over wait longer than this.
SET idle_in_transaction_session_timeout = 2000;
SET search_path = public;
SET TimeZone = 'UTC';
SET client_min_messages = error;
SET jit = off;
