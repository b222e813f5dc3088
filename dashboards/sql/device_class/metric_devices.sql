-- The same metric for the devices chosen one by one.
WITH wanted AS MATERIALIZED (
    SELECT device_no, individual_number
      FROM device
     WHERE device_id = ANY (ARRAY[${device:sqlstring}]::text[]) AND device_class = '<<device_class>>'
)
SELECT $__timeGroup(r.ts, $__interval) AS time, w.individual_number AS metric, <<value>> AS value
  FROM reading_<<device_class>>_technical r
  JOIN wanted w USING (device_no)
 WHERE r.device_no = ANY (ARRAY(SELECT device_no FROM wanted))
   AND $__timeFilter(r.ts)
   AND r.<<column>> IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1, 2
