-- name: faults
SELECT device_fault_id, system, code, text, fault_code, raised_at, known_at, cleared_at
  FROM device_fault
 WHERE device_no = %(device_no)s AND device_fault_id = ANY (%(ids)s::bigint[])
 ORDER BY device_fault_id

-- name: alarms
SELECT alarm_id, rule, severity, safety, audience, title_sv, title_en, happened_at, raised_at, cleared_at
  FROM alarm
 WHERE device_no = %(device_no)s AND alarm_id = ANY (%(ids)s::bigint[])
 ORDER BY alarm_id

-- name: active_codes
SELECT DISTINCT fault_code FROM device_fault WHERE device_no = %(device_no)s AND cleared_at IS NULL AND fault_code IS NOT NULL

-- name: lock
-- Whoever drafts for a device takes turns, so that two who see the same fault at once make one order.
SELECT pg_advisory_xact_lock('work_order'::regclass::oid::integer, %(device_no)s)

-- name: open_with
SELECT w.order_id
  FROM work_order_finding f
  JOIN work_order w USING (order_id)
 WHERE f.device_no = %(device_no)s AND f.is_open AND f.finding_key = ANY (%(keys)s::text[])
   AND w.state IN ('draft', 'placed', 'started') AND w.audience = %(audience)s
 ORDER BY w.order_id
 LIMIT 1

-- name: draft
INSERT INTO work_order (device_no, priority, audience, title_sv, title_en, description, parts, reported_at, start_by, done_by, created_by)
VALUES (%(device_no)s, %(priority)s, %(audience)s, %(title_sv)s, %(title_en)s, %(description)s, %(parts)s::text[], %(now)s, %(start_by)s,
        %(done_by)s, %(by)s)
RETURNING order_id

-- name: add_finding
INSERT INTO work_order_finding (order_id, device_no, kind, reference, finding_key, fault_code, title_sv, title_en, happened_at, known_at, noted_by)
VALUES (%(order_id)s, %(device_no)s, %(kind)s, %(reference)s, %(key)s, %(fault_code)s, %(title_sv)s, %(title_en)s, %(happened_at)s,
        %(known_at)s, %(by)s)
ON CONFLICT (order_id, kind, reference) DO NOTHING

-- name: sharpen
-- A more urgent finding makes the order more urgent, never less.
UPDATE work_order SET priority = %(priority)s, start_by = least(start_by, %(start_by)s), done_by = least(done_by, %(done_by)s)
 WHERE order_id = %(order_id)s AND priority = %(was)s AND state IN ('draft', 'placed', 'started')

-- name: trace
INSERT INTO work_order_transition (order_id, state, reason, by_whom) VALUES (%(order_id)s, %(state)s, %(reason)s, %(by)s)

-- name: move
-- Only from the state that was read: of two who act at once, one finds it changed.
UPDATE work_order
   SET state = %(state)s,
       technician = coalesce(%(technician)s::text, technician),
       started_at = CASE WHEN %(state)s = 'started' THEN %(now)s ELSE started_at END,
       closed_at = CASE WHEN %(state)s IN ('done', 'cancelled') THEN %(now)s::timestamptz END
 WHERE order_id = %(order_id)s AND state = %(was)s

-- name: finish
UPDATE work_order
   SET state = 'done', closed_at = %(now)s, solved = %(solved)s, cause = %(cause)s, parts_used = %(parts_used)s::text[], visits = %(visits)s,
       first_visit_fixed = %(first_visit_fixed)s, minutes_spent = %(minutes_spent)s, technician = coalesce(%(technician)s::text, technician)
 WHERE order_id = %(order_id)s AND state = %(was)s

-- name: settle
UPDATE work_order_finding SET is_open = false WHERE order_id = %(order_id)s AND is_open

-- name: learn
-- What the order has taught of each of its faults; one row per fault, though several findings may tell of it.
INSERT INTO cause_outcome AS c (device_class, model_key, fault_code, cause, orders, solved_remotely, visited, first_visit_known,
                                first_visit_fixed, minutes_known, minutes_spent)
SELECT d.device_class, d.model_key, coalesce(f.fault_code, f.finding_key), w.cause, 1, (w.solved = 'remotely')::integer,
       (w.visits > 0)::integer, (w.first_visit_fixed IS NOT NULL)::integer, coalesce(w.first_visit_fixed, false)::integer,
       (w.minutes_spent IS NOT NULL)::integer, coalesce(w.minutes_spent, 0)
  FROM work_order w
  JOIN device d USING (device_no)
  JOIN (SELECT DISTINCT order_id, fault_code, finding_key FROM work_order_finding WHERE kind <> 'person') f USING (order_id)
 WHERE w.order_id = %(order_id)s
ON CONFLICT (device_class, model_key, fault_code, cause) DO UPDATE
   SET orders = c.orders + excluded.orders, solved_remotely = c.solved_remotely + excluded.solved_remotely,
       visited = c.visited + excluded.visited, first_visit_known = c.first_visit_known + excluded.first_visit_known,
       first_visit_fixed = c.first_visit_fixed + excluded.first_visit_fixed, minutes_known = c.minutes_known + excluded.minutes_known,
       minutes_spent = c.minutes_spent + excluded.minutes_spent

-- name: lookup
SELECT w.*, d.device_id, d.individual_number, d.serial_number, d.firmware, d.device_class, d.model_key, d.legal_frame, m.maker,
       m.name AS model_name, p.code AS payer_code, p.name AS payer_name, o.name AS depot_name, s.last_seen_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = w.device_no AND h.lifted_at IS NULL) AS on_hold
  FROM work_order w
  JOIN device d USING (device_no)
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state s USING (device_no)
  LEFT JOIN payer p ON p.payer_id = d.payer_id
  LEFT JOIN depot o ON o.depot_id = d.depot_id
 WHERE w.order_id = %(order_id)s

-- name: search
-- The most pressing first.
SELECT w.*, d.device_id, d.individual_number, d.serial_number, d.firmware, d.device_class, d.model_key, d.legal_frame, m.maker,
       m.name AS model_name, p.code AS payer_code, p.name AS payer_name, o.name AS depot_name, s.last_seen_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = w.device_no AND h.lifted_at IS NULL) AS on_hold
  FROM work_order w
  JOIN device d USING (device_no)
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state s USING (device_no)
  LEFT JOIN payer p ON p.payer_id = d.payer_id
  LEFT JOIN depot o ON o.depot_id = d.depot_id
 WHERE {state}
   AND (%(priority)s::text IS NULL OR w.priority = %(priority)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
   AND (%(depot)s::text IS NULL OR o.code = %(depot)s)
   AND (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(technician)s::text IS NULL OR w.technician = %(technician)s)
   AND (NOT %(overdue)s::boolean OR coalesce(w.closed_at, %(now)s) > w.done_by AND w.state <> 'cancelled')
   AND (%(after_due)s::timestamptz IS NULL OR (w.done_by, w.order_id) > (%(after_due)s, %(after_id)s))
 ORDER BY w.done_by, w.order_id
 LIMIT %(limit)s

-- name: findings
SELECT order_id, kind, reference, finding_key, fault_code, title_sv, title_en, happened_at, known_at, noted_by
  FROM work_order_finding
 WHERE order_id = ANY (%(orders)s::bigint[])
 ORDER BY order_id, finding_id

-- name: transitions
SELECT at, state, reason, by_whom FROM work_order_transition WHERE order_id = %(order_id)s ORDER BY at

-- name: tally
-- An order "came back" when an open or later order of the device has the same matter within the settling time.
WITH closed AS (
    SELECT w.*, EXISTS (SELECT FROM work_order_finding f
                          JOIN work_order_finding g ON g.device_no = f.device_no AND g.finding_key = f.finding_key AND g.order_id <> f.order_id
                          JOIN work_order v ON v.order_id = g.order_id
                         WHERE f.order_id = w.order_id AND v.reported_at > w.closed_at
                           AND v.reported_at <= w.closed_at + make_interval(days => %(recurs_days)s)) AS came_back
      FROM work_order w
      JOIN device d USING (device_no)
     WHERE w.closed_at >= %(start)s AND w.closed_at < %(end)s
       AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
)
SELECT count(*) FILTER (WHERE state = 'done') AS done,
       count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE solved = 'remotely' AND NOT came_back) AS remote,
       count(*) FILTER (WHERE solved = 'remotely' AND NOT came_back AND minutes_spent IS NOT NULL) AS remote_timed,
       coalesce(sum(minutes_spent) FILTER (WHERE solved = 'remotely' AND NOT came_back), 0) AS remote_minutes,
       count(*) FILTER (WHERE visits > 0) AS visited,
       count(*) FILTER (WHERE visits > 0 AND first_visit_fixed IS NOT NULL) AS first_known,
       count(*) FILTER (WHERE first_visit_fixed AND NOT came_back) AS first_fixed,
       count(*) FILTER (WHERE (first_visit_fixed OR solved = 'remotely') AND came_back) AS came_back
  FROM closed

-- name: open_counts
SELECT count(*) AS open, count(*) FILTER (WHERE done_by < %(now)s) AS overdue FROM work_order WHERE state IN ('draft', 'placed', 'started')

-- name: causes
SELECT * FROM cause_outcome
 WHERE (%(device_class)s::text IS NULL OR device_class = %(device_class)s)
   AND (%(fault_code)s::text IS NULL OR fault_code = %(fault_code)s)
 ORDER BY device_class, fault_code, orders DESC, cause, model_key
 LIMIT 500

-- name: settings
SELECT name, value, basis, set_by, set_at FROM workshop_setting ORDER BY name

-- name: set
UPDATE workshop_setting SET value = %(value)s, basis = %(basis)s, set_by = %(by)s, set_at = %(now)s WHERE name = %(name)s
