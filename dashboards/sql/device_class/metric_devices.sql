-- The same metric for the devices chosen one by one.
WITH wanted AS MATERIALIZED (
    SELECT d.device_no,
           d.individual_number
           || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number
      FROM device d
     WHERE d.device_id = ANY (ARRAY[${device:sqlstring}]::text[]) AND d.device_class = '<<device_class>>'
)
SELECT $__timeGroup(r.ts, $__interval) AS time, w.individual_number AS metric, <<value>> AS value
  FROM reading_<<device_class>>_technical r
  JOIN wanted w USING (device_no)
 WHERE r.device_no = ANY (ARRAY(SELECT device_no FROM wanted))
   AND $__timeFilter(r.ts)
   AND r.<<column>> IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1, 2
