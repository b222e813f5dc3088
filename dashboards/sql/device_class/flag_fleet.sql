-- A yes-or-no metric over the fleet: share of the sampled devices that said yes in the interval, of those that said anything.
WITH <<chosen>>,
picked AS MATERIALIZED (
    SELECT device_no FROM chosen WHERE enrolled_at IS NOT NULL ORDER BY md5(device_id) LIMIT ${sample:raw}
),
per_device AS (
    SELECT $__timeGroup(r.ts, $__interval) AS time, r.device_no, bool_or(r.<<column>>) AS said_yes
      FROM reading_<<device_class>>_technical r
     WHERE r.device_no = ANY (ARRAY(SELECT device_no FROM picked))
       AND $__timeFilter(r.ts)
       AND r.<<column>> IS NOT NULL
     GROUP BY 1, 2
)
SELECT time, 100.0 * count(*) FILTER (WHERE said_yes) / count(*) AS share, count(*) AS devices
  FROM per_device
 GROUP BY time
 ORDER BY time
