-- What each ingest shard counts about itself since it started; counters by class, reason or cause are one row each.
WITH flat AS (
    SELECT w.shard, e.key, NULL::text AS part, e.value
      FROM ingest_watermark w
     CROSS JOIN LATERAL jsonb_each(w.statistics) AS e
     WHERE jsonb_typeof(e.value) <> 'object' AND e.key <> 'started'
     UNION ALL
    SELECT w.shard, e.key, n.key, n.value
      FROM ingest_watermark w
     CROSS JOIN LATERAL jsonb_each(w.statistics) AS e
     CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(e.value) = 'object' THEN e.value ELSE '{}' END) AS n
)
SELECT f.shard, coalesce(k.title, f.key) || coalesce(': ' || f.part, '') AS counter,
       CASE WHEN jsonb_typeof(f.value) = 'number' THEN (f.value #>> '{}')::numeric END AS value
  FROM flat f
  LEFT JOIN (VALUES <<titles>>) AS k(key, title) ON k.key = f.key
 ORDER BY f.shard, counter
