-- What came again, was refused, or was thrown away by the broker, over all shards.
SELECT $__timeGroup(m.minute, $__interval) AS time, sum(m.duplicates) AS duplicates, sum(m.redelivered) AS redelivered,
       sum(m.broker_dropped) AS dropped, sum(r.times) AS refused
  FROM ingest_minute m
 CROSS JOIN LATERAL (SELECT coalesce(sum(value::bigint), 0) AS times FROM jsonb_each_text(m.quarantined)) AS r
 WHERE $__timeFilter(m.minute)
 GROUP BY 1
 ORDER BY 1
