-- When the last stay of each fault ended that ended before the time asked about.
SELECT f.device_no, f.system, f.code, f.subcode, f.module, (extract(epoch FROM max(f.cleared_at)) * 1000)::bigint
  FROM unnest(%b, %b) AS asked (device_no, since)
  JOIN device_fault f ON f.device_no = asked.device_no AND f.cleared_at < asked.since AND f.source <> 'derived'
 GROUP BY f.device_no, f.system, f.code, f.subcode, f.module
