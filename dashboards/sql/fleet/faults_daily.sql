-- New faults per Swedish local day and severity; technical ones and those that no profile knows.
WITH <<chosen>>
SELECT (a.raised_at AT TIME ZONE 'Europe/Stockholm')::date::timestamp AT TIME ZONE 'Europe/Stockholm' AS time,
       count(*) FILTER (WHERE f.severity = 'critical') AS critical,
       count(*) FILTER (WHERE f.severity = 'high') AS high,
       count(*) FILTER (WHERE f.severity = 'warning') AS warning,
       count(*) FILTER (WHERE f.severity = 'info') AS info,
       count(*) FILTER (WHERE f.severity IS NULL) AS unknown
  FROM device_fault a
  JOIN chosen c USING (device_no)
  LEFT JOIN fault_code f ON f.code = a.fault_code
 WHERE $__timeFilter(a.raised_at)
   AND (f.code IS NULL OR f.audience = 'technical')
 GROUP BY 1
 ORDER BY 1
