-- Devices of the sample whose clock was not believed, the most frequent first.
WITH <<arrived>>
SELECT d.individual_number, d.device_id, a.kind, count(*) AS corrected, max(a.received_at) AS newest
  FROM arrived a
  JOIN device d USING (device_no)
 WHERE a.clock_corrected
 GROUP BY d.individual_number, d.device_id, a.kind
 ORDER BY corrected DESC, d.individual_number
 LIMIT 50
