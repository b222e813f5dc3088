-- The newest refused messages. The device is empty where the sender is not in the register.
SELECT q.last_at, q.reason,
       d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       d.device_id, q.topic, q.advice, q.payload_bytes, q.times
  FROM quarantine q
  LEFT JOIN device d USING (device_no)
 WHERE $__timeFilter(q.received_at)
 ORDER BY q.last_at DESC
 LIMIT 100
