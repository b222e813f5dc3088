-- name: facts
-- Everything a verdict needs, for devices by their numbers. The clock is judged by the latest answer to a command: an answer is live,
-- readings may be stored up for days.
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, d.firmware, d.stock_state, d.enrolled_at, m.maker,
       m.name AS model_name, v.last_seen_at, v.metric_values,
       ARRAY(SELECT a.version FROM approved_software a WHERE a.model_key = d.model_key AND a.withdrawn_at IS NULL
              ORDER BY a.approved_at DESC, a.version DESC) AS approved,
       (SELECT jsonb_agg(jsonb_build_object('system', f.system, 'code', f.code, 'fault_code', f.fault_code) ORDER BY f.raised_at DESC)
          FROM device_fault f WHERE f.device_no = d.device_no AND f.cleared_at IS NULL) AS open_faults,
       r.ts AS answered_at, r.received_at AS answer_known_at,
       (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'every_days', i.every_days, 'done_on', l.done_on, 'passed', l.passed) ORDER BY i.kind)
          FROM service_interval i
          LEFT JOIN LATERAL (SELECT done_on, passed FROM device_service s WHERE s.device_no = d.device_no AND s.kind = i.kind
                              ORDER BY done_on DESC, service_id DESC LIMIT 1) l ON true
         WHERE i.model_key = d.model_key) AS services,
       (SELECT max(s.done_on) FROM device_service s WHERE s.device_no = d.device_no AND s.kind = 'inspection' AND s.passed) AS inspected_on,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS on_hold
  FROM device d
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state_seen v USING (device_no)
  LEFT JOIN LATERAL (SELECT ts, received_at FROM command_reply c WHERE c.device_no = d.device_no AND c.received_at >= %(answers_since)s
                      ORDER BY c.received_at DESC LIMIT 1) r ON true
 WHERE d.device_no = ANY (%(devices)s::integer[])
 ORDER BY d.individual_number

-- name: by_numbers
SELECT device_no, individual_number, device_id FROM device
 WHERE individual_number = ANY (%(numbers)s::text[]) OR device_id = ANY (%(numbers)s::text[])

-- name: chosen
SELECT d.device_no, d.individual_number
  FROM device d
 WHERE {condition}
   AND d.stock_state NOT IN ('scrapped', 'lost')
   AND (%(after)s::text IS NULL OR d.individual_number > %(after)s)
 ORDER BY d.individual_number
 LIMIT %(limit)s

-- name: approve
INSERT INTO approved_software (model_key, version, approved_at, approved_by, note)
VALUES (%(model_key)s, %(version)s, %(now)s, %(by)s, %(note)s)
ON CONFLICT (model_key, version) DO UPDATE
   SET approved_at = excluded.approved_at, approved_by = excluded.approved_by, withdrawn_at = NULL, withdrawn_by = NULL, note = excluded.note

-- name: withdraw
UPDATE approved_software SET withdrawn_at = %(now)s, withdrawn_by = %(by)s, note = %(note)s
 WHERE model_key = %(model_key)s AND version = %(version)s AND withdrawn_at IS NULL

-- name: approvals
SELECT model_key, version, approved_at, approved_by, withdrawn_at, withdrawn_by, note
  FROM approved_software
 WHERE model_key = %(model_key)s
 ORDER BY withdrawn_at IS NOT NULL, approved_at DESC, version DESC

-- name: schedules
SELECT kind, every_days, source, set_by, set_at FROM service_interval WHERE model_key = %(model_key)s ORDER BY kind

-- name: schedule
INSERT INTO service_interval (model_key, kind, every_days, source, set_by, set_at)
VALUES (%(model_key)s, %(kind)s, %(every_days)s, %(source)s, %(by)s, %(now)s)
ON CONFLICT (model_key, kind) DO UPDATE
   SET every_days = excluded.every_days, source = excluded.source, set_by = excluded.set_by, set_at = excluded.set_at

-- name: model
SELECT model_key, device_class, maker, name FROM device_model WHERE model_key = %(model_key)s

-- name: note_service
INSERT INTO device_service (device_no, kind, done_on, passed, note, recorded_by, recorded_at)
VALUES (%(device_no)s, %(kind)s, %(done_on)s, %(passed)s, %(note)s, %(by)s, %(now)s)
