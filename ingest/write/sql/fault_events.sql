-- What devices said of their faults since.
SELECT e.device_no, (extract(epoch FROM e.ts) * 1000)::bigint, e.boot, e.seq, e.event, e.data
  FROM unnest(%b, %b) AS asked (device_no, since)
  JOIN device_event e ON e.device_no = asked.device_no AND e.ts >= asked.since
 WHERE e.event IN ('fault_raised', 'fault_cleared') AND e.ts >= %s
