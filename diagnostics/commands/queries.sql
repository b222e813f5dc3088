-- name: ask
-- At most one row per caller and key, however many ask at once; the counter is handed out under a lock of the device.
INSERT INTO command (device_no, counter, name, level, parameters, requested_by, idempotency_key, created_at, expires_at)
VALUES (%(device_no)s, next_command_counter(%(device_no)s), %(name)s, %(level)s, %(parameters)s, %(requested_by)s, %(key)s,
        clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (requested_by, idempotency_key) DO NOTHING
RETURNING command_id

-- name: trace
INSERT INTO command_transition (command_id, state, reason) VALUES (%(command_id)s, %(state)s, %(reason)s)

-- name: by_key
SELECT command_id, device_no, name, parameters FROM command WHERE requested_by = %(requested_by)s AND idempotency_key = %(key)s

-- name: open_count
SELECT count(*) AS open FROM command
 WHERE device_no = %(device_no)s AND state IN ('queued', 'sent', 'delivered', 'running') AND expires_at > clock_timestamp()

-- name: tell
SELECT pg_notify(%(channel)s, %(payload)s)

-- name: one
SELECT c.command_id, c.device_no, d.device_id, d.device_class, d.model_key, d.firmware, c.name, c.level, c.parameters, c.state,
       c.reason, c.result, c.requested_by, c.created_at, c.expires_at, c.sent_at, c.answered_at, c.late, s.last_seen_at
  FROM command c
  JOIN device d USING (device_no)
  LEFT JOIN device_state_seen s USING (device_no)
 WHERE c.command_id = %(command_id)s

-- name: overdue
-- The one question of a waiting caller: is it over? So a command ends at its expiry also without a worker.
UPDATE command SET state = 'expired', reason = CASE state WHEN 'queued' THEN 'not_sent' WHEN 'sent' THEN 'no_answer' ELSE 'no_result' END
 WHERE command_id = %(command_id)s AND state IN ('queued', 'sent', 'delivered', 'running')
   AND expires_at + make_interval(secs => %(grace)s) < clock_timestamp()
   AND (expires_at < coalesce((SELECT min(at) FROM ingest_watermark), 'infinity')
        OR expires_at + make_interval(secs => %(behind)s) < clock_timestamp())
RETURNING reason

-- name: expire
-- The worker's sweep. An answer that came in time may still be on its way through ingest: the grace, and while ingest is behind a
-- longer one, let it be stored first.
WITH ended AS (
    UPDATE command c SET state = 'expired', reason = CASE c.state WHEN 'queued' THEN 'not_sent' WHEN 'sent' THEN 'no_answer' ELSE 'no_result' END
      FROM (SELECT command_id FROM command
             WHERE state IN ('queued', 'sent', 'delivered', 'running')
               AND expires_at + make_interval(secs => %(grace)s) < clock_timestamp()
               AND (expires_at < coalesce((SELECT min(at) FROM ingest_watermark), 'infinity')
                    OR expires_at + make_interval(secs => %(behind)s) < clock_timestamp())
             ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
     WHERE c.command_id = due.command_id
    RETURNING c.command_id, c.reason
), traced AS (
    INSERT INTO command_transition (command_id, state, reason) SELECT command_id, 'expired', reason FROM ended
)
SELECT command_id, reason, pg_notify('fjarrkoll_reply', command_id::text) FROM ended

-- name: next_queued
-- The oldest queued command of each device; the next one of the same device waits until this one is sent, so that counters rise on
-- the wire. A row that another worker has is skipped.
SELECT c.command_id, c.device_no, d.device_id, c.name, c.counter, c.parameters, c.created_at, c.expires_at, c.requested_by
  FROM command c
  JOIN device d USING (device_no)
 WHERE c.state = 'queued' AND c.expires_at > clock_timestamp()
   AND NOT EXISTS (SELECT FROM command e WHERE e.device_no = c.device_no AND e.state = 'queued' AND e.counter < c.counter
                      AND e.expires_at > clock_timestamp())
 ORDER BY c.created_at
 LIMIT %(limit)s
   FOR UPDATE OF c SKIP LOCKED

-- name: sent
WITH moved AS (
    UPDATE command SET state = 'sent', sent_at = clock_timestamp() WHERE command_id = ANY (%(commands)s) AND state = 'queued'
    RETURNING command_id
)
INSERT INTO command_transition (command_id, state) SELECT command_id, 'sent' FROM moved
