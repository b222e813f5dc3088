INSERT INTO command_reply (device_no, boot, seq, command_id, status, reason, result, ts, received_at)
SELECT i.*, %s FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b) AS i
ON CONFLICT DO NOTHING
