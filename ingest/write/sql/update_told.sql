-- The present of each device that told plain readings. Where all of it happened after all that is known, it stands beside that as the text it
-- is (0025_told.sql), in place of what was told before where that told the same metrics; this is nearly always so. What else was told before
-- joins what is known. A device's first stands alone where all of it happened since the open loan began or the last one ended. Everything
-- else is sought out as in update_states.sql.
UPDATE device_state AS s
   SET boot = greatest(s.boot, i.boot),
       first_seen_at = coalesce(s.first_seen_at, %(received_at)s),
       last_seen_at = greatest(s.last_seen_at, %(received_at)s),
       last_event_at = CASE
           WHEN s.last_event_at IS NOT NULL THEN greatest(s.last_event_at, i.newest)
           ELSE (SELECT i.newest FROM device d
                  WHERE d.device_no = s.device_no
                    AND i.newest >= coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity'))
       END,
       metric_values = CASE
           WHEN s.last_event_at <= i.oldest AND s.told IS NOT NULL AND s.told_keys = i.told_keys THEN s.metric_values
           WHEN s.last_event_at <= i.oldest
           THEN present_values(s.metric_values, s.told) - ARRAY(SELECT jsonb_object_keys(i.told::jsonb))
           WHEN {first} THEN s.metric_values
           ELSE newest_per_key(present_values(s.metric_values, s.told), (
               SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}')
                 FROM device d
                 CROSS JOIN jsonb_each(i.told::jsonb) AS v
                 JOIN metric m ON m.device_class = d.device_class AND m.key = v.key
                WHERE d.device_no = s.device_no
                  AND (m.audience = 'technical' OR (v.value ->> 1)::bigint >= extract(
                       epoch FROM coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')) * 1000)))
       END,
       told = CASE WHEN s.last_event_at <= i.oldest OR {first} THEN i.told END,
       told_keys = i.told_keys
  FROM (SELECT unnest(%(device_no)b) AS device_no, unnest(%(boot)b) AS boot, unnest(%(oldest)b) AS oldest,
               unnest(%(newest)b) AS newest, unnest(%(told)b) AS told, unnest(%(told_keys)b) AS told_keys) AS i
 WHERE s.device_no = i.device_no
   -- what begin_states.sql has just made says all this already
   AND (s.last_seen_at = %(received_at)s AND s.last_event_at = i.newest AND s.boot = i.boot AND s.told = i.told) IS NOT TRUE
