-- What each ingest shard counts about itself since it started.
SELECT w.shard, coalesce(k.title, s.key) AS counter, s.key, s.value
  FROM ingest_watermark w
 CROSS JOIN LATERAL jsonb_each_text(w.statistics) AS s
  LEFT JOIN (VALUES <<titles>>) AS k(key, title) ON k.key = s.key
 ORDER BY w.shard, counter
