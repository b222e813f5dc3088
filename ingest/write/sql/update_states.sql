-- The present of each device. Where all that is new happened after all that is known, two objects are simply joined; this is nearly
-- always so. A device's first is taken as it is, where all of it happened since the open loan began or the last one ended: a whole region
-- is heard for the first time within a minute. Otherwise (late data, the first after a loan ended) the newest per key is sought, and what
-- happened before that loan began, or in a store before the last one ended, counts only if it is technical: two borrowers see nothing of
-- each other.
UPDATE device_state AS s
   SET boot = greatest(s.boot, i.boot),
       first_seen_at = CASE WHEN i.alive THEN coalesce(s.first_seen_at, %(received_at)s) ELSE s.first_seen_at END,
       last_seen_at = CASE WHEN i.alive THEN greatest(s.last_seen_at, %(received_at)s) ELSE s.last_seen_at END,
       last_event_at = CASE
           WHEN s.last_event_at IS NOT NULL OR i.newest IS NULL THEN greatest(s.last_event_at, i.newest)
           ELSE (SELECT i.newest FROM device d
                  WHERE d.device_no = s.device_no
                    AND i.newest >= coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity'))
       END,
       metric_values = CASE
           WHEN i.metric_values IS NULL THEN s.metric_values
           WHEN s.last_event_at <= i.oldest THEN present_values(s.metric_values, s.told) || i.metric_values
           WHEN s.last_event_at IS NULL AND s.metric_values = '{}' AND i.oldest >= (
               SELECT coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity') FROM device d WHERE d.device_no = s.device_no)
           THEN i.metric_values
           ELSE newest_per_key(present_values(s.metric_values, s.told), (
               SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}')
                 FROM device d
                 CROSS JOIN jsonb_each(i.metric_values) AS v
                 JOIN metric m ON m.device_class = d.device_class AND m.key = v.key
                WHERE d.device_no = s.device_no
                  AND (m.audience = 'technical' OR (v.value ->> 1)::bigint >= extract(
                       epoch FROM coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')) * 1000)))
       END,
       told = CASE WHEN i.metric_values IS NULL THEN s.told END,
       latest_events = CASE
           WHEN i.latest_events IS NULL THEN s.latest_events
           WHEN s.last_event_at <= i.oldest THEN s.latest_events || i.latest_events
           WHEN s.last_event_at IS NULL AND s.latest_events = '{}' AND i.oldest >= (
               SELECT coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity') FROM device d WHERE d.device_no = s.device_no)
           THEN i.latest_events
           ELSE latest_per_key(s.latest_events, (
               SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}')
                 FROM device d
                 CROSS JOIN jsonb_each(i.latest_events) AS v
                 JOIN event_kind k ON k.device_class = d.device_class AND k.name = v.key
                WHERE d.device_no = s.device_no
                  AND (k.audience = 'technical' OR v.value::bigint >= extract(
                       epoch FROM coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')) * 1000)))
       END
  FROM (SELECT unnest(%(device_no)b) AS device_no, unnest(%(boot)b) AS boot, unnest(%(alive)b) AS alive,
               unnest(%(oldest)b) AS oldest, unnest(%(newest)b) AS newest,
               unnest(%(metric_values)b) AS metric_values, unnest(%(latest_events)b) AS latest_events) AS i
 WHERE s.device_no = i.device_no
