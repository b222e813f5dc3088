-- Devices the worker must judge. `since` moves at every mark, and the row is written at every mark: a worker that has read the row and
-- removes it while we commit either waits for us, or sees that `since` is no longer what it read. DO NOTHING would lose the mark.
-- What an event marked stays urgent until it is judged.
INSERT INTO evaluation_due (device_no, urgent, since) SELECT unnest(%b), unnest(%b), %s
ON CONFLICT (device_no) DO UPDATE SET since = excluded.since, urgent = evaluation_due.urgent OR excluded.urgent
