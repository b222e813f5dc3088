-- `at` moves forward only; without one (nothing is known yet) only the figures are written.
INSERT INTO ingest_watermark AS w (shard, at, statistics)
SELECT %(shard)s, %(at)s, %(statistics)s WHERE %(at)s::timestamptz IS NOT NULL
ON CONFLICT (shard) DO UPDATE SET at = greatest(w.at, excluded.at), statistics = excluded.statistics
