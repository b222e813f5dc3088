-- The platform in one line: what is connected, what is behind, what was refused lately.
SELECT (SELECT count(*) FILTER (WHERE s.online) || ' av ' || count(*) FROM device d LEFT JOIN device_state_seen s USING (device_no)
         WHERE d.enrolled_at IS NOT NULL) AS online,
       (SELECT count(*) FILTER (WHERE s.last_seen_at > now() - interval '1 hour') || ' av ' || count(*)
          FROM device d LEFT JOIN device_state_seen s USING (device_no) WHERE d.enrolled_at IS NOT NULL) AS heard,
       (SELECT CASE WHEN count(*) = 0 THEN 'ingen inhämtning känd'
                    ELSE round(extract(epoch FROM now() - min(at))) || ' s' END FROM ingest_watermark) AS behind,
       (SELECT coalesce(sum(times), 0)::text FROM quarantine WHERE last_at > now() - interval '24 hours') AS refused
