-- How far a shard has come, and in the same statement what it did since it last said so, added to this minute's row. The figures count
-- from the start of their process, so what it had counted before is taken off; of another process nothing is. The broker's own count
-- outlives ours. `at` moves forward only; while none is known yet, the one of the process before stands.
WITH given AS (
    SELECT %(shard)s::text AS shard, %(at)s::timestamptz AS at, %(now)s::timestamptz AS now, %(statistics)s::jsonb AS says,
           %(outbox_most)s::bigint AS outbox_most
),
before AS (
    SELECT g.*, w.at AS known_until, (w.statistics ->> 'broker_dropped')::bigint AS dropped_before,
           CASE WHEN w.statistics -> 'started' = g.says -> 'started' THEN w.statistics ELSE '{}' END AS said
      FROM given g LEFT JOIN ingest_watermark w USING (shard)
),
mark AS (
    INSERT INTO ingest_watermark AS w (shard, at, statistics)
    SELECT shard, coalesce(at, known_until), says FROM before WHERE coalesce(at, known_until) IS NOT NULL
    ON CONFLICT (shard) DO UPDATE SET at = greatest(w.at, excluded.at), statistics = excluded.statistics
    RETURNING at
),
counted AS (
    SELECT b.*, (SELECT jsonb_object_agg(key, (says ->> key)::numeric - coalesce((said ->> key)::numeric, 0))
                   FROM jsonb_object_keys(says) AS key WHERE jsonb_typeof(says -> key) = 'number') AS more
      FROM before b
),
refused AS (
    SELECT coalesce(jsonb_object_agg(key, times), '{}') AS by_reason
      FROM (SELECT n.key, n.value::bigint - coalesce((b.said -> 'quarantined' ->> n.key)::bigint, 0) AS times
              FROM before b CROSS JOIN LATERAL jsonb_each_text(b.says -> 'quarantined') AS n) AS reasons
     WHERE times > 0
),
waited AS (
    SELECT coalesce(sum(n.value::bigint - coalesce((b.said -> 'held' ->> n.key)::bigint, 0)), 0) AS times
      FROM before b CROSS JOIN LATERAL jsonb_each_text(b.says -> 'held') AS n
)
INSERT INTO ingest_minute AS m (
    shard, minute, lag_seconds, queued, messages, stored, duplicates, redelivered, quarantined, broker_dropped, held, connections_lost,
    sessions_lost, outbox_reports, outbox_messages, outbox_most)
SELECT c.shard, date_trunc('minute', c.now), greatest(0, extract(epoch FROM c.now - mark.at)), (c.says ->> 'broker_queued')::bigint,
       (c.more ->> 'messages')::bigint, (c.more ->> 'stored')::bigint, (c.more ->> 'duplicates')::bigint,
       (c.more ->> 'redelivered')::bigint, refused.by_reason,
       CASE WHEN (c.says ->> 'broker_dropped')::bigint >= coalesce(c.dropped_before, 0)
            THEN (c.says ->> 'broker_dropped')::bigint - coalesce(c.dropped_before, 0)
            ELSE (c.says ->> 'broker_dropped')::bigint END,
       waited.times, (c.more ->> 'connections_lost')::bigint, (c.more ->> 'sessions_lost')::bigint,
       (c.more ->> 'outbox_reports')::bigint, (c.more ->> 'outbox_messages')::bigint, c.outbox_most
  FROM counted c CROSS JOIN mark CROSS JOIN refused CROSS JOIN waited
ON CONFLICT (shard, minute) DO UPDATE SET
    lag_seconds = greatest(m.lag_seconds, excluded.lag_seconds),
    queued = greatest(m.queued, excluded.queued),
    messages = m.messages + excluded.messages,
    stored = m.stored + excluded.stored,
    duplicates = m.duplicates + excluded.duplicates,
    redelivered = m.redelivered + excluded.redelivered,
    quarantined = (SELECT coalesce(jsonb_object_agg(key, times), '{}')
                     FROM (SELECT key, sum(value::bigint) AS times
                             FROM (SELECT * FROM jsonb_each_text(m.quarantined) UNION ALL SELECT * FROM jsonb_each_text(excluded.quarantined))
                                  AS both_of_them
                            GROUP BY key) AS summed),
    broker_dropped = coalesce(m.broker_dropped + excluded.broker_dropped, m.broker_dropped, excluded.broker_dropped),
    held = m.held + excluded.held,
    connections_lost = m.connections_lost + excluded.connections_lost,
    sessions_lost = m.sessions_lost + excluded.sessions_lost,
    outbox_reports = m.outbox_reports + excluded.outbox_reports,
    outbox_messages = m.outbox_messages + excluded.outbox_messages,
    outbox_most = greatest(m.outbox_most, excluded.outbox_most)
