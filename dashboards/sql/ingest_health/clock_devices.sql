-- Devices of the sample whose clock was not believed, the most frequent first.
WITH <<arrived>>
SELECT d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       d.device_id, a.kind, count(*) AS corrected, max(a.received_at) AS newest
  FROM arrived a
  JOIN device d USING (device_no)
 WHERE a.clock_corrected
 GROUP BY d.device_no, d.individual_number, d.device_id, a.kind
 ORDER BY corrected DESC, d.individual_number
 LIMIT 50
