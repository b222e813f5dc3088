-- Rows stored per second by kind, reckoned from the sample to the whole fleet.
WITH <<arrived>>,
whole AS (
    SELECT count(*)::numeric / nullif((SELECT count(*) FROM picked), 0) AS factor FROM device WHERE enrolled_at IS NOT NULL
)
SELECT $__timeGroup(received_at, $__interval) AS time, kind AS metric,
       count(*) * (SELECT factor FROM whole) * 1000 / $__interval_ms AS value
  FROM arrived
 GROUP BY 1, 2
 ORDER BY 1, 2
