-- The same measure for the devices chosen one by one.
SELECT u.local_day::timestamp AT TIME ZONE 'Europe/Stockholm' AS time,
       d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS metric,
       u.amount AS value
  FROM usage_day u
  JOIN device d USING (device_no)
 WHERE d.device_id = ANY (ARRAY[${device:sqlstring}]::text[])
   AND d.device_class = '<<device_class>>'
   AND u.measure = '<<measure>>'
   AND u.local_day BETWEEN ($__timeFrom()::timestamptz AT TIME ZONE 'Europe/Stockholm')::date
                       AND ($__timeTo()::timestamptz AT TIME ZONE 'Europe/Stockholm')::date
 ORDER BY u.local_day, d.individual_number
