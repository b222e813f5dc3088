-- Counted by the caller, as every insert of messages: fewer rows than sent means that some are stored already.
INSERT INTO device_event (device_no, ts, boot, seq, event, audience, data, clock_corrected, received_at)
SELECT i.*, %s FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b) AS i
ON CONFLICT DO NOTHING
