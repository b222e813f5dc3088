-- No ON CONFLICT, as in every insert of messages: where one is stored already, the key refuses the whole batch.
INSERT INTO device_event (device_no, ts, boot, seq, event, audience, data, clock_corrected, received_at)
SELECT i.*, %s FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b) AS i
