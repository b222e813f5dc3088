-- Alarms raised per Swedish local day and severity, by when they became known.
WITH <<chosen>>
SELECT (a.raised_at AT TIME ZONE 'Europe/Stockholm')::date::timestamp AT TIME ZONE 'Europe/Stockholm' AS time,
       count(*) FILTER (WHERE a.severity = 'critical') AS critical,
       count(*) FILTER (WHERE a.severity = 'high') AS high,
       count(*) FILTER (WHERE a.severity = 'warning') AS warning,
       count(*) FILTER (WHERE a.severity = 'info') AS info
  FROM alarm a
  JOIN chosen c USING (device_no)
 WHERE $__timeFilter(a.raised_at)
 GROUP BY 1
 ORDER BY 1
