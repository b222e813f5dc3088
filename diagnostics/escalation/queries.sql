-- name: begin
-- Puts alarms on their ladders: the most specific use that fits decides; of equal ones the latest. An alarm of a canary device goes on
-- no ladder of people. An alarm that stands on one already stays where it is; one that was taken off begins anew, with fresh call numbers.
INSERT INTO escalation (alarm_id, ladder, document, due_at, wait, started_at)
SELECT a.alarm_id, coalesce(u.code, %(default_code)s), coalesce(u.document, %(default)s), %(now)s, interval '0', %(now)s
  FROM alarm a
  JOIN device d USING (device_no)
  LEFT JOIN LATERAL (
        SELECT l.code, l.document
          FROM ladder_use w JOIN ladder l ON l.code = w.ladder
         WHERE (w.device_no IS NULL OR w.device_no = d.device_no AND (d.loan_started_at IS NULL OR w.since >= d.loan_started_at))
           AND (w.payer_id IS NULL OR w.payer_id = d.payer_id)
           AND (w.legal_frame IS NULL OR w.legal_frame = d.legal_frame)
           AND (w.device_class IS NULL OR w.device_class = d.device_class)
           AND (w.audience IS NULL OR w.audience = a.audience)
           AND (w.device_no IS NOT NULL OR NOT EXISTS (SELECT FROM canary_device c WHERE c.device_no = d.device_no))
         ORDER BY (w.device_no IS NOT NULL) DESC, (w.payer_id IS NOT NULL) DESC, (w.legal_frame IS NOT NULL) DESC,
                  (w.device_class IS NOT NULL) DESC, (w.audience IS NOT NULL) DESC, w.since DESC
         LIMIT 1) u ON true
 WHERE a.alarm_id = ANY (%(alarms)s::bigint[])
    ON CONFLICT (alarm_id) DO UPDATE
       SET ladder = excluded.ladder, document = excluded.document, position = 0, due_at = excluded.due_at, wait = excluded.wait,
           started_at = excluded.started_at, ended_at = NULL, ended_why = NULL
     WHERE escalation.ended_at IS NOT NULL

-- name: end
UPDATE escalation SET ended_at = greatest(started_at, %(now)s), ended_why = %(why)s
 WHERE alarm_id = ANY (%(alarms)s::bigint[]) AND ended_at IS NULL

-- name: now
SELECT clock_timestamp() AS now

-- name: due
-- Ladders whose next step is due, the longest waiting first, locked for this transaction; what another worker holds is passed over.
-- A clock that went back shows in a step that lies further ahead than it was ever set.
SELECT e.alarm_id, e.document, e.position, e.calls, e.due_at, e.wait, a.safety, a.audience, c.device_no IS NOT NULL AS canary,
       (SELECT max(s.ends_at) FROM silence s
         WHERE NOT a.safety AND s.starts_at <= %(now)s AND s.ends_at > %(now)s
           AND (s.device_no IS NULL OR s.device_no = a.device_no) AND (s.payer_id IS NULL OR s.payer_id = d.payer_id)
           AND (s.device_class IS NULL OR s.device_class = d.device_class) AND (s.rule IS NULL OR s.rule = a.rule)) AS silenced_until
  FROM escalation e
  JOIN alarm a USING (alarm_id)
  JOIN device d USING (device_no)
  LEFT JOIN canary_device c USING (device_no)
 WHERE e.ended_at IS NULL AND a.taken_at IS NULL AND a.cleared_at IS NULL
   AND (%(alarms)s::bigint[] IS NULL OR e.alarm_id = ANY (%(alarms)s::bigint[]))
   AND (e.due_at <= %(now)s OR e.due_at > %(now)s + e.wait + interval '5 seconds')
 ORDER BY e.due_at
 LIMIT %(limit)s
   FOR UPDATE OF e SKIP LOCKED

-- name: people
-- Every recipient with those of its channels that are set up, the first to be tried first.
SELECT r.recipient_id, r.code, r.active, r.canary, r.quiet,
       coalesce(array_agg(a.channel ORDER BY a.place, a.channel) FILTER (WHERE a.channel = ANY (%(channels)s::text[])), '{}') AS channels
  FROM recipient r
  LEFT JOIN recipient_address a USING (recipient_id)
 GROUP BY r.recipient_id

-- name: moved
-- Only from the step at which it was looked at: a worker that was overtaken changes nothing.
UPDATE escalation SET position = %(next_position)s, calls = calls + %(called)s, due_at = %(next_at)s, wait = %(next_at)s - %(now)s
 WHERE alarm_id = %(alarm_id)s AND ended_at IS NULL AND position = %(position)s AND calls = %(calls)s AND due_at = %(due_at)s

-- name: call
INSERT INTO escalation_call (alarm_id, call_no, position, due_at, called_at, recipients, reason)
VALUES (%(alarm_id)s, %(call_no)s, %(position)s, %(due_at)s, %(now)s, %(recipients)s, %(reason)s)

-- name: tell
INSERT INTO notification (alarm_id, kind, channel, recipient_id, call_no)
SELECT %(alarm_id)s, 'raised', channel, recipient_id, %(call_no)s
  FROM unnest(%(channels)s::text[], %(recipients)s::integer[]) AS told (channel, recipient_id)
    ON CONFLICT DO NOTHING

-- name: bypass
-- Messages that failed twice, or that a provider says it has sent while no receipt came in time, and what the same recipient can be
-- reached by instead. Each is passed over once.
WITH lost AS (
    UPDATE notification n SET bypassed_at = clock_timestamp()
     WHERE n.bypassed_at IS NULL AND n.delivered_at IS NULL AND n.kind = 'raised' AND n.recipient_id IS NOT NULL
       AND (n.state = 'sent' AND n.receipt_due_at <= clock_timestamp()
            OR n.state = 'pending' AND n.last_error <> '' AND n.attempts >= %(tries)s
            OR n.state = 'given_up')
       AND EXISTS (SELECT FROM escalation e WHERE e.alarm_id = n.alarm_id AND e.ended_at IS NULL)
    RETURNING n.notification_id, n.alarm_id, n.recipient_id, n.channel, n.call_no, n.state
), other AS (
    SELECT l.*, (SELECT a.channel FROM recipient_address a
                  WHERE a.recipient_id = l.recipient_id AND a.channel = ANY (%(channels)s::text[])
                    AND NOT EXISTS (SELECT FROM notification m WHERE m.alarm_id = l.alarm_id AND m.kind = 'raised'
                                       AND m.recipient_id = l.recipient_id AND m.channel = a.channel AND m.call_no = l.call_no)
                  ORDER BY a.place, a.channel LIMIT 1) AS instead
      FROM lost l
), told AS (
    INSERT INTO notification (alarm_id, kind, channel, recipient_id, call_no)
    SELECT alarm_id, 'raised', instead, recipient_id, call_no FROM other WHERE instead IS NOT NULL
        ON CONFLICT DO NOTHING
), hurried AS (
    -- Nobody else can be reached by this call: the next step is due at once.
    UPDATE escalation e SET due_at = clock_timestamp(), wait = interval '0'
      FROM other o
     WHERE o.instead IS NULL AND e.alarm_id = o.alarm_id AND e.ended_at IS NULL AND e.due_at > clock_timestamp()
       AND o.call_no = e.calls - 1
       AND NOT EXISTS (SELECT FROM notification m WHERE m.alarm_id = o.alarm_id AND m.call_no = o.call_no AND m.kind = 'raised'
                          AND m.notification_id <> o.notification_id AND m.bypassed_at IS NULL)
)
SELECT alarm_id, channel, instead, state FROM other

-- name: pulse
INSERT INTO worker_pulse (part, at) VALUES (%(part)s, clock_timestamp()) ON CONFLICT (part) DO UPDATE SET at = excluded.at
