-- As take_turns.sql, for events: they wait for an answer and it for them, but not for each other.
SELECT pg_advisory_xact_lock_shared('device_fault'::regclass::oid::integer, turn) FROM unnest(%b) AS told (turn)
