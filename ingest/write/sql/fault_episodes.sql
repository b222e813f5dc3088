-- Stays of the faults of the devices at hand that reach into the time since, or lie after it; and of each fault when its last stay
-- before that ended.
SELECT f.device_no, f.system, f.code, f.subcode, f.module, f.device_fault_id, (extract(epoch FROM f.raised_at) * 1000)::bigint,
       (extract(epoch FROM f.last_seen_at) * 1000)::bigint, f.times, f.text, f.source,
       (extract(epoch FROM f.cleared_at) * 1000)::bigint, f.cleared_by
  FROM unnest(%b, %b) AS asked (device_no, since)
  JOIN device_fault f ON f.device_no = asked.device_no AND (f.cleared_at IS NULL OR f.cleared_at >= asked.since) AND f.source <> 'derived'
 ORDER BY f.raised_at, f.device_fault_id
