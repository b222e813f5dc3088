-- One statement per kind of entry, each with the columns at, happened_at, known_at, kind, id and data, for a device up to a moment. What
-- the caller may not see, row security and views leave out: loans, audiences, payers.

-- name: event
-- Bounded on both sides: a view with a security barrier gives its rows in no order, so without a bound all would be read.
SELECT e.ts AS at, e.ts AS happened_at, e.received_at AS known_at, 'event' AS kind, e.boot || '-' || e.seq AS id,
       jsonb_build_object('event', e.event, 'data', e.data, 'clock_corrected', coalesce(e.clock_corrected, false)) AS data
  FROM device_event_seen e
 WHERE e.device_no = %(device_no)s AND e.ts <= %(until)s AND e.ts >= %(since)s AND e.event NOT IN ('fault_raised', 'fault_cleared')

-- name: fault
SELECT f.raised_at AS at, f.raised_at AS happened_at, f.known_at, 'fault' AS kind, f.device_fault_id || '-raised' AS id,
       jsonb_build_object('what', 'raised', 'system', f.system, 'code', f.code, 'subcode', f.subcode, 'module', f.module, 'text', f.text,
                          'fault_code', f.fault_code, 'times', f.times, 'source', f.source) AS data
  FROM device_fault f
 WHERE f.device_no = %(device_no)s AND f.raised_at <= %(until)s
UNION ALL
SELECT f.cleared_at, f.cleared_at, NULL, 'fault', f.device_fault_id || '-cleared',
       jsonb_build_object('what', 'cleared', 'system', f.system, 'code', f.code, 'subcode', f.subcode, 'module', f.module, 'text', f.text,
                          'fault_code', f.fault_code, 'times', f.times, 'by', f.cleared_by)
  FROM device_fault f
 WHERE f.device_no = %(device_no)s AND f.cleared_at <= %(until)s

-- name: command
SELECT c.created_at AS at, c.created_at AS happened_at, c.created_at AS known_at, 'command' AS kind, c.command_id::text AS id,
       jsonb_build_object('name', c.name, 'level', c.level, 'state', c.state, 'reason', c.reason, 'requested_by', c.requested_by,
                          'answered_at', c.answered_at, 'late', c.late) AS data
  FROM command c
 WHERE c.device_no = %(device_no)s AND c.created_at <= %(until)s

-- name: alarm
SELECT a.happened_at AS at, a.happened_at, a.raised_at AS known_at, 'alarm' AS kind, a.alarm_id || '-raised' AS id,
       jsonb_build_object('what', 'raised', 'alarm_id', a.alarm_id, 'rule', a.rule, 'severity', a.severity, 'title_sv', a.title_sv,
                          'title_en', a.title_en, 'reason_sv', a.reason_sv, 'reason_en', a.reason_en) AS data
  FROM alarm a
 WHERE a.device_no = %(device_no)s AND a.happened_at <= %(until)s
UNION ALL
SELECT a.taken_at, a.taken_at, a.taken_at, 'alarm', a.alarm_id || '-taken',
       jsonb_build_object('what', 'taken', 'alarm_id', a.alarm_id, 'rule', a.rule, 'severity', a.severity, 'title_sv', a.title_sv,
                          'title_en', a.title_en, 'by', a.taken_by)
  FROM alarm a
 WHERE a.device_no = %(device_no)s AND a.taken_at <= %(until)s
UNION ALL
SELECT a.cleared_at, a.cleared_at, a.cleared_at, 'alarm', a.alarm_id || '-cleared',
       jsonb_build_object('what', 'cleared', 'alarm_id', a.alarm_id, 'rule', a.rule, 'severity', a.severity, 'title_sv', a.title_sv,
                          'title_en', a.title_en, 'why', a.cleared_why)
  FROM alarm a
 WHERE a.device_no = %(device_no)s AND a.cleared_at <= %(until)s

-- name: software
SELECT s.known_at AS at, NULL::timestamptz AS happened_at, s.known_at, 'software' AS kind, s.change_id::text AS id,
       jsonb_build_object('from', s.firmware_from, 'to', s.firmware_to, 'model_from', s.model_key_from, 'model_to', s.model_key_to) AS data
  FROM software_change s
 WHERE s.device_no = %(device_no)s AND s.known_at <= %(until)s

-- name: loan
-- Of the loan that is open only, unless the caller sees the device's whole life: an earlier loan is another person's.
SELECT n.started_at AS at, n.started_at AS happened_at, NULL::timestamptz AS known_at, 'loan' AS kind, n.loan_id || '-started' AS id,
       jsonb_build_object('what', 'started', 'payer', p.code, 'legal_frame', n.legal_frame) AS data
  FROM loan n
  JOIN payer p USING (payer_id)
 WHERE n.device_no = %(device_no)s AND n.started_at <= %(until)s AND (n.ended_at IS NULL OR (SELECT scope_whole_life()))
UNION ALL
SELECT n.ended_at, n.ended_at, NULL, 'loan', n.loan_id || '-ended',
       jsonb_build_object('what', 'ended', 'payer', p.code, 'legal_frame', n.legal_frame)
  FROM loan n
  JOIN payer p USING (payer_id)
 WHERE n.device_no = %(device_no)s AND n.ended_at <= %(until)s AND (SELECT scope_whole_life())

-- name: order
SELECT t.at, t.at AS happened_at, t.at AS known_at, 'order' AS kind, t.order_id || '-' || t.state || '-' || extract(epoch FROM t.at) AS id,
       jsonb_build_object('order_id', t.order_id, 'state', t.state, 'reason', t.reason, 'by', t.by_whom, 'title_sv', w.title_sv,
                          'title_en', w.title_en, 'priority', w.priority, 'solved', CASE t.state WHEN 'done' THEN w.solved END,
                          'cause', CASE t.state WHEN 'done' THEN w.cause END) AS data
  FROM work_order w
  JOIN work_order_transition t USING (order_id)
 WHERE w.device_no = %(device_no)s AND t.at <= %(until)s

-- name: service
SELECT (s.done_on + time '12:00') AT TIME ZONE 'Europe/Stockholm' AS at, (s.done_on + time '12:00') AT TIME ZONE 'Europe/Stockholm' AS happened_at,
       s.recorded_at AS known_at, 'service' AS kind, s.service_id::text AS id,
       jsonb_build_object('what', s.kind, 'done_on', s.done_on, 'passed', s.passed, 'note', s.note, 'by', s.recorded_by) AS data
  FROM device_service s
 WHERE s.device_no = %(device_no)s AND (s.done_on + time '12:00') AT TIME ZONE 'Europe/Stockholm' <= %(until)s

-- name: hold
SELECT h.placed_at AS at, h.placed_at AS happened_at, h.placed_at AS known_at, 'hold' AS kind, h.hold_id || '-placed' AS id,
       jsonb_build_object('what', 'placed', 'hold_id', h.hold_id, 'reason', h.reason, 'by', h.placed_by) AS data
  FROM incident_hold h
 WHERE h.device_no = %(device_no)s AND h.placed_at <= %(until)s
UNION ALL
SELECT h.lifted_at, h.lifted_at, h.lifted_at, 'hold', h.hold_id || '-lifted',
       jsonb_build_object('what', 'lifted', 'hold_id', h.hold_id, 'reason', h.lift_reason, 'by', h.lifted_by)
  FROM incident_hold h
 WHERE h.device_no = %(device_no)s AND h.lifted_at <= %(until)s

-- name: merged
-- The newest entries before the cursor of every chosen kind; each kind gives as many as a page holds at most.
SELECT at, happened_at, known_at, kind, id, data
  FROM ({sources}) merged
 ORDER BY at DESC, kind DESC, id DESC
 LIMIT %(limit)s

-- name: newest
-- Of one view of readings or events.
SELECT max(ts) AS ts FROM {view} WHERE device_no = %(device_no)s AND ts >= %(since)s AND ts < %(until)s

-- name: reading_days
-- A Swedish local day's readings as one entry, which stands where its last reading does.
SELECT max(ts) AS at, min(ts) AS first_at, max(received_at) AS known_at, count(*) AS readings,
       (ts AT TIME ZONE 'Europe/Stockholm')::date AS local_day
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(until)s
 GROUP BY local_day
