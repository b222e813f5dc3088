-- Answers stored earlier under the identities at hand.
SELECT r.device_no, r.boot, r.seq, r.command_id, r.status
  FROM unnest(%b, %b, %b) AS asked (device_no, boot, seq)
  JOIN command_reply r USING (device_no, boot, seq)
