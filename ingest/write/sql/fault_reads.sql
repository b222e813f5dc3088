-- What devices answered in time when asked for all their faults since. OFFSET 0: one after the other, each through its index. Left to
-- its estimates of young tables the planner compared every answer with every command, for a tenth of a second.
SELECT r.device_no, (extract(epoch FROM r.ts) * 1000)::bigint, r.boot, r.seq, r.result
  FROM unnest(%b, %b) AS asked (device_no, since)
 CROSS JOIN LATERAL (SELECT * FROM command_reply a
                      WHERE a.device_no = asked.device_no AND a.ts >= asked.since AND a.status = 'succeeded' OFFSET 0) r
 CROSS JOIN LATERAL (SELECT FROM command c
                      WHERE c.command_id = r.command_id::uuid AND c.name = 'read_faults' AND r.received_at <= c.expires_at OFFSET 0) c
