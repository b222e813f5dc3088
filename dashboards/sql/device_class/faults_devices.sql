-- Devices with active faults, one row per fault, the worst and newest first.
WITH <<chosen>>
SELECT coalesce(f.severity, 'unknown') AS severity,
       c.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       c.device_id,
       coalesce(f.code, a.system || ' ' || a.code) AS code,
       coalesce(f.title_sv, 'Okänd felkod') AS fault,
       a.module, a.times, a.raised_at, a.last_seen_at
  FROM device_fault a
  JOIN chosen c USING (device_no)
  LEFT JOIN fault_code f ON f.code = a.fault_code
 WHERE a.cleared_at IS NULL AND (f.code IS NULL OR f.audience = 'technical')
 ORDER BY array_position(ARRAY['critical', 'high', 'warning', NULL, 'info'], f.severity), a.last_seen_at DESC
 LIMIT 200
