-- One answer with all faults of a device is told at a time, and no event of it meanwhile: they may be stored at once, over two sessions, and
-- neither would see what the other says. In the order given, so that no two wait crosswise; many devices share a turn, because the server has
-- room for some thousand locks.
SELECT pg_advisory_xact_lock('device_fault'::regclass::oid::integer, turn) FROM unnest(%b) AS told (turn)
