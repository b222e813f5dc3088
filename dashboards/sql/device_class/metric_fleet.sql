-- A metric over the fleet: first one mean per device and interval, so that a talkative device weighs no more than a quiet one, then
-- percentiles over the devices. Only a fixed random sample of the devices that can report is read. `= ANY (ARRAY(...))` and not a
-- join: the view is a security barrier, and only a condition reaches the index behind it.
WITH <<chosen>>,
picked AS MATERIALIZED (
    SELECT device_no FROM chosen WHERE enrolled_at IS NOT NULL ORDER BY md5(device_id) LIMIT ${sample:raw}
),
per_device AS (
    SELECT $__timeGroup(r.ts, $__interval) AS time, r.device_no, <<value>> AS value
      FROM reading_<<device_class>>_technical r
     WHERE r.device_no = ANY (ARRAY(SELECT device_no FROM picked))
       AND $__timeFilter(r.ts)
       AND r.<<column>> IS NOT NULL
     GROUP BY 1, 2
)
SELECT time,
       percentile_cont(0.05) WITHIN GROUP (ORDER BY value) AS low,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS high,
       count(*) AS devices
  FROM per_device
 GROUP BY time
 ORDER BY time
