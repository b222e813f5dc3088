-- A usage measure per Swedish local day over the devices that have data for it; how many those are is drawn in the tooltip.
WITH <<chosen>>
SELECT u.local_day::timestamp AT TIME ZONE 'Europe/Stockholm' AS time,
       percentile_cont(0.1) WITHIN GROUP (ORDER BY u.amount) AS low,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY u.amount) AS middle,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY u.amount) AS high,
       count(*) AS devices
  FROM usage_day u
  JOIN chosen c USING (device_no)
 WHERE u.measure = '<<measure>>'
   AND u.local_day BETWEEN ($__timeFrom()::timestamptz AT TIME ZONE 'Europe/Stockholm')::date
                       AND ($__timeTo()::timestamptz AT TIME ZONE 'Europe/Stockholm')::date
 GROUP BY u.local_day
 ORDER BY u.local_day
