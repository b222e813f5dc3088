-- How many messages each shard's broker kept at most.
SELECT $__timeGroup(minute, $__interval) AS time, shard AS metric, max(queued) AS value
  FROM ingest_minute
 WHERE $__timeFilter(minute) AND queued IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1, 2
