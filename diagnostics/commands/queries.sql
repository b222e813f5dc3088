-- name: take_turns
-- One asker at a time per device, so that what is counted and compared still holds when the command is queued.
SELECT pg_advisory_xact_lock('command'::regclass::oid::integer, %(device_no)s)

-- name: take_turns_at
-- The same, of the device with this id, where the caller sees it.
SELECT pg_advisory_xact_lock('command'::regclass::oid::integer, device_no) FROM device WHERE device_id = %(device_id)s

-- name: ask
-- At most one row per caller and key, however many ask at once: the key refuses a second one. The counter is handed out under a lock of
-- the device.
INSERT INTO command (command_id, device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder, idempotency_key, approval,
                     created_at, expires_at)
VALUES (%(command_id)s, %(device_no)s, next_command_counter(%(device_no)s), %(name)s, %(level)s, %(parameters)s, %(requested_by)s,
        %(requested_role)s, %(requested_holder)s, %(key)s, %(approval)s, clock_timestamp(),
        clock_timestamp() + make_interval(secs => %(seconds)s))

-- name: trace
INSERT INTO command_transition (command_id, state, reason) VALUES (%(command_id)s, %(state)s, %(reason)s)

-- name: trace_and_tell
-- The same, and the worker is woken once the transaction is committed.
WITH traced AS (INSERT INTO command_transition (command_id, state, reason) VALUES (%(command_id)s, %(state)s, %(reason)s))
SELECT pg_notify(%(channel)s, %(payload)s)

-- name: by_key
SELECT command_id, device_no, name, parameters FROM command WHERE requested_by = %(requested_by)s AND idempotency_key = %(key)s

-- name: waiting
-- The commands that wait for the device, the first one first.
SELECT c.command_id, c.name, c.level, c.parameters, c.requested_by
  FROM command c
  JOIN device d USING (device_no)
 WHERE d.device_id = %(device_id)s AND c.state IN ('queued', 'sent', 'delivered', 'running') AND c.expires_at > clock_timestamp()
 ORDER BY c.created_at, c.command_id

-- name: held
SELECT EXISTS (SELECT FROM incident_hold WHERE device_no = %(device_no)s AND lifted_at IS NULL) AS held

-- name: tell
SELECT pg_notify(%(channel)s, %(payload)s)

-- name: one
SELECT c.command_id, c.device_no, d.device_id, d.device_class, d.model_key, d.firmware, c.name, c.level, c.parameters, c.state,
       c.reason, c.result, c.requested_by, c.requested_role, c.requested_holder, c.created_at, c.expires_at, c.sent_at, c.answered_at,
       c.late, c.late_status, c.late_at, c.approval, c.approved_by, c.approved_role, c.approved_at, s.last_seen_at, s.latest_events,
       c.state IN ('queued', 'sent', 'delivered', 'running') AND c.expires_at < clock_timestamp() AS overdue,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) AS held
  FROM command c
  JOIN device d USING (device_no)
  LEFT JOIN device_state_seen s USING (device_no)
 WHERE c.command_id = %(command_id)s

-- name: list
SELECT c.command_id, c.device_no, d.device_id, d.device_class, d.model_key, d.firmware, c.name, c.level, c.parameters, c.state,
       c.reason, c.result, c.requested_by, c.requested_role, c.requested_holder, c.created_at, c.expires_at, c.sent_at, c.answered_at,
       c.late, c.late_status, c.late_at, c.approval, c.approved_by, c.approved_role, c.approved_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) AS held
  FROM command c
  JOIN device d USING (device_no)
 WHERE (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(state)s::text IS NULL OR c.state = %(state)s)
   AND (NOT %(awaiting)s::boolean OR c.approval = 'awaiting' AND c.state = 'queued' AND c.expires_at > clock_timestamp())
   AND (%(after)s::timestamptz IS NULL OR (c.created_at, c.command_id) < (%(after)s, %(after_id)s::uuid))
 ORDER BY c.created_at DESC, c.command_id DESC
 LIMIT %(limit)s

-- name: steps
SELECT at, state, reason FROM command_transition WHERE command_id = %(command_id)s ORDER BY at

-- name: approve
-- Four eyes in one statement: another token, another person, another role; two who approve at once take turns on the row, and the
-- table's own conditions hold for whatever else might try. The command gets a new number, so that none that was sent meanwhile is
-- counted as later than it, and its whole life from now on.
UPDATE command
   SET approval = 'approved', approved_by = %(name)s, approved_role = %(role)s, approved_holder = %(holder)s,
       approved_at = clock_timestamp(), counter = next_command_counter(device_no),
       expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
 WHERE command_id = %(command_id)s AND approval = 'awaiting' AND state = 'queued' AND expires_at > clock_timestamp()
   AND requested_by <> %(name)s AND requested_holder <> %(holder)s AND requested_role <> %(role)s
RETURNING command_id

-- name: deny
UPDATE command
   SET approval = 'denied', approved_by = %(name)s, approved_role = %(role)s, approved_holder = %(holder)s,
       approved_at = clock_timestamp(), state = 'cancelled', reason = 'denied'
 WHERE command_id = %(command_id)s AND approval = 'awaiting' AND state = 'queued'
RETURNING command_id

-- name: open_above_read
SELECT command_id FROM command
 WHERE device_no = %(device_no)s AND level <> 'read' AND state IN ('queued', 'sent', 'delivered', 'running')

-- name: take_back
-- Only what has not been sent; what was sent is taken back on the device.
UPDATE command SET state = 'cancelled', reason = 'taken_back'
 WHERE command_id = %(command_id)s AND state = 'queued'
RETURNING command_id

-- name: overdue
-- The one question of a waiting caller: is it over? So a command ends at its expiry also without a worker.
UPDATE command
   SET state = CASE WHEN state IN ('queued', 'sent') THEN 'expired' ELSE 'unknown' END,
       reason = CASE WHEN approval = 'awaiting' THEN 'not_approved' WHEN state = 'queued' THEN 'not_sent' WHEN state = 'sent' THEN 'no_answer'
                     ELSE 'no_result' END
 WHERE command_id = %(command_id)s AND state IN ('queued', 'sent', 'delivered', 'running')
   AND expires_at + make_interval(secs => %(grace)s) < clock_timestamp()
   AND (expires_at < coalesce((SELECT min(at) FROM ingest_watermark), 'infinity')
        OR expires_at + make_interval(secs => %(behind)s) < clock_timestamp())
RETURNING state, reason

-- name: expire
-- The worker's sweep. An answer that came in time may still be on its way through ingest: the grace, and while ingest is behind a
-- longer one, let it be stored first.
WITH ended AS (
    UPDATE command c
       SET state = CASE WHEN c.state IN ('queued', 'sent') THEN 'expired' ELSE 'unknown' END,
           reason = CASE WHEN c.approval = 'awaiting' THEN 'not_approved' WHEN c.state = 'queued' THEN 'not_sent'
                         WHEN c.state = 'sent' THEN 'no_answer' ELSE 'no_result' END
      FROM (SELECT command_id FROM command
             WHERE state IN ('queued', 'sent', 'delivered', 'running')
               AND expires_at + make_interval(secs => %(grace)s) < clock_timestamp()
               AND (expires_at < coalesce((SELECT min(at) FROM ingest_watermark), 'infinity')
                    OR expires_at + make_interval(secs => %(behind)s) < clock_timestamp())
             ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
     WHERE c.command_id = due.command_id
    RETURNING c.command_id, c.state, c.reason
), traced AS (
    INSERT INTO command_transition (command_id, state, reason) SELECT command_id, state, reason FROM ended
)
SELECT command_id, state, reason, pg_notify('fjarrkoll_reply', command_id::text) FROM ended

-- name: next_queued
-- The oldest queued command of each device; the next one of the same device waits until this one is sent, so that counters rise on
-- the wire. A row that another worker has is skipped, and one that waits for approval holds up nobody. With it comes what says whether
-- it may still be sent: the tokens, or the console's accounts, of who asked and who approved as they are now, the device's payer, and whether it is held.
SELECT c.command_id, c.device_no, d.device_id, c.name, c.level, c.counter, c.parameters, c.created_at, c.expires_at, c.requested_by,
       c.requested_role, c.requested_holder, c.approval, c.approved_by, c.approved_role, c.approved_holder,
       d.payer_id, d.legal_frame,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) AS held,
       a.role AS asker_role, a.payers AS asker_payers, a.frames AS asker_frames,
       p.role AS approver_role, p.payers AS approver_payers, p.frames AS approver_frames
  FROM command c
  JOIN device d USING (device_no)
  LEFT JOIN LATERAL (
       SELECT t.role, t.payers, t.frames FROM api_token t
        WHERE t.name = c.requested_by AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
        UNION ALL
       SELECT s.role, s.payers, s.frames FROM account_standing(c.requested_by) s
        LIMIT 1) a ON true
  LEFT JOIN LATERAL (
       SELECT t.role, t.payers, t.frames FROM api_token t
        WHERE t.name = c.approved_by AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
        UNION ALL
       SELECT s.role, s.payers, s.frames FROM account_standing(c.approved_by) s
        LIMIT 1) p ON true
 WHERE c.state = 'queued' AND c.approval IN ('not_needed', 'approved') AND c.expires_at > clock_timestamp()
   AND NOT EXISTS (SELECT FROM command e WHERE e.device_no = c.device_no AND e.state = 'queued' AND e.counter < c.counter
                      AND e.approval IN ('not_needed', 'approved') AND e.expires_at > clock_timestamp())
 ORDER BY c.created_at
 LIMIT %(limit)s
   FOR UPDATE OF c SKIP LOCKED

-- name: stop
WITH moved AS (
    UPDATE command SET state = 'cancelled', reason = %(reason)s WHERE command_id = %(command_id)s AND state = 'queued'
    RETURNING command_id, reason
), traced AS (
    INSERT INTO command_transition (command_id, state, reason) SELECT command_id, 'cancelled', reason FROM moved
), audited AS (
    INSERT INTO audit (actor, role, care_unit, action, device_no, detail)
    SELECT 'worker', 'service', '', 'command.stop', c.device_no, jsonb_build_object('command_id', c.command_id, 'reason', m.reason)
      FROM moved m JOIN command c USING (command_id)
)
SELECT pg_notify('fjarrkoll_reply', command_id::text) FROM moved

-- name: without_waiting
-- For this transaction: its commit is durable half a second later, or with the next commit that waits for the disk.
SET LOCAL synchronous_commit = off

-- name: sent
WITH moved AS (
    UPDATE command SET state = 'sent', sent_at = clock_timestamp() WHERE command_id = ANY (%(commands)s) AND state = 'queued'
    RETURNING command_id
)
INSERT INTO command_transition (command_id, state, reason) SELECT command_id, 'sent', 'handed_over' FROM moved
