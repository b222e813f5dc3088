-- What devices answered in time when asked for all their faults since.
SELECT r.device_no, (extract(epoch FROM r.ts) * 1000)::bigint, r.boot, r.seq, r.result
  FROM unnest(%b, %b) AS asked (device_no, since)
  JOIN command_reply r ON r.device_no = asked.device_no AND r.ts >= asked.since AND r.status = 'succeeded'
  JOIN command c ON c.command_id = r.command_id::uuid AND c.name = 'read_faults' AND r.received_at <= c.expires_at
