-- The platform in one line: what is connected, how far behind it is, what was refused, suppressed and lost at the broker.
WITH heard AS (
    SELECT count(*) AS can_report, count(*) FILTER (WHERE s.online) AS online,
           count(*) FILTER (WHERE s.last_seen_at > now() - interval '1 hour') AS lately
      FROM device d
      LEFT JOIN device_state_seen s USING (device_no)
     WHERE d.enrolled_at IS NOT NULL
),
ingest AS (
    SELECT extract(epoch FROM now() - min(at)) AS behind,
           sum((statistics ->> 'messages')::bigint) AS messages,
           sum((statistics ->> 'duplicates')::bigint) AS duplicates,
           max((statistics ->> 'broker_dropped')::bigint) AS dropped
      FROM ingest_watermark
)
SELECT h.online || ' av ' || h.can_report AS online,
       h.lately || ' av ' || h.can_report AS heard,
       coalesce(round(i.behind) || ' s', 'okänt') AS behind,
       (SELECT coalesce(sum(times), 0)::text FROM quarantine WHERE last_at > now() - interval '24 hours') AS refused,
       coalesce(i.duplicates || ' av ' || i.messages, 'okänt') AS duplicates,
       coalesce(i.dropped::text, 'okänt') AS dropped
  FROM heard h
 CROSS JOIN ingest i
