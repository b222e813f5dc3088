-- Devices with an active fault, by class and the fault's severity; a device counts once per severity.
WITH <<chosen>>
SELECT k.title_sv AS class_title,
       count(DISTINCT a.device_no) FILTER (WHERE f.severity = 'critical') AS critical,
       count(DISTINCT a.device_no) FILTER (WHERE f.severity = 'high') AS high,
       count(DISTINCT a.device_no) FILTER (WHERE f.severity = 'warning') AS warning,
       count(DISTINCT a.device_no) FILTER (WHERE f.severity = 'info') AS info,
       count(DISTINCT a.device_no) FILTER (WHERE f.severity IS NULL) AS unknown
  FROM device_fault a
  JOIN chosen c USING (device_no)
  JOIN device_class k ON k.name = c.device_class
  LEFT JOIN fault_code f ON f.code = a.fault_code
 WHERE a.cleared_at IS NULL AND (f.code IS NULL OR f.audience = 'technical')
 GROUP BY k.title_sv
 ORDER BY k.title_sv
