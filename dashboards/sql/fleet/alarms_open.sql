-- Open alarms, the worst and oldest first.
WITH <<chosen>>
SELECT a.severity, k.title_sv AS class_title,
       c.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       c.device_id, a.title_sv AS alarm, a.reason_sv AS reason,
       a.raised_at, (a.taken_at IS NOT NULL)::text AS taken
  FROM alarm a
  JOIN chosen c USING (device_no)
  JOIN device_class k ON k.name = c.device_class
 WHERE a.cleared_at IS NULL
 ORDER BY array_position(ARRAY['critical', 'high', 'warning', 'info'], a.severity), a.raised_at
 LIMIT 200
