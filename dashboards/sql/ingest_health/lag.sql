-- How far behind each shard was at most.
SELECT $__timeGroup(minute, $__interval) AS time, shard AS metric, max(lag_seconds) AS value
  FROM ingest_minute
 WHERE $__timeFilter(minute)
 GROUP BY 1, 2
 ORDER BY 1, 2
