-- name: place
INSERT INTO incident_hold (device_no, reason, placed_by, placed_role) VALUES (%(device_no)s, %(reason)s, %(name)s, %(role)s)
ON CONFLICT (device_no) WHERE lifted_at IS NULL DO NOTHING
RETURNING hold_id

-- name: one
SELECT h.*, d.device_id, d.individual_number, d.device_class, d.model_key, d.firmware,
       EXISTS (SELECT FROM incident_hold o WHERE o.device_no = h.device_no AND o.lifted_at IS NULL) AS held
  FROM incident_hold h JOIN device d USING (device_no)
 WHERE h.hold_id = %(hold_id)s

-- name: list
SELECT h.*, d.device_id, d.individual_number, d.device_class, d.model_key, d.firmware,
       EXISTS (SELECT FROM incident_hold o WHERE o.device_no = h.device_no AND o.lifted_at IS NULL) AS held
  FROM incident_hold h JOIN device d USING (device_no)
 WHERE (NOT %(open_only)s::boolean OR h.lifted_at IS NULL)
   AND (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(after)s::integer IS NULL OR h.hold_id < %(after)s)
 ORDER BY h.hold_id DESC
 LIMIT %(limit)s

-- name: ask_lift
-- The first of the two; asking again puts a new first person in the place of the old one.
UPDATE incident_hold
   SET lift_asked_at = clock_timestamp(), lift_asked_by = %(name)s, lift_asked_role = %(role)s, lift_asked_holder = %(holder)s,
       lift_reason = %(reason)s
 WHERE hold_id = %(hold_id)s AND lifted_at IS NULL
RETURNING hold_id

-- name: lift
-- The second: another token, another person, another role; the table's own condition says the same.
UPDATE incident_hold
   SET lifted_at = clock_timestamp(), lifted_by = %(name)s, lifted_role = %(role)s, lifted_holder = %(holder)s
 WHERE hold_id = %(hold_id)s AND lifted_at IS NULL AND lift_asked_at IS NOT NULL
   AND lift_asked_by <> %(name)s AND lift_asked_holder <> %(holder)s AND lift_asked_role <> %(role)s
RETURNING hold_id

-- name: note_export
INSERT INTO hold_export (hold_id, made_by, audiences, manifest_sha256, bytes)
VALUES (%(hold_id)s, %(name)s, %(audiences)s, %(manifest_sha256)s, %(bytes)s)

-- name: exports
SELECT made_at, made_by, audiences, manifest_sha256, bytes FROM hold_export WHERE hold_id = %(hold_id)s ORDER BY export_id

-- name: readings
SELECT * FROM {view} WHERE device_no = %(device_no)s AND ts >= %(since)s ORDER BY ts, boot, seq

-- name: kept
SELECT source, ts, boot, seq, content FROM held_row_seen WHERE device_no = %(device_no)s AND ts >= %(since)s ORDER BY source, ts, boot, seq

-- name: events
SELECT ts, received_at, boot, seq, event, audience, data, clock_corrected
  FROM device_event_seen
 WHERE device_no = %(device_no)s AND ts >= %(since)s
 ORDER BY ts, boot, seq

-- name: faults
SELECT * FROM device_fault WHERE device_no = %(device_no)s ORDER BY raised_at

-- name: commands
SELECT command_id, counter, name, level, parameters, state, reason, result, requested_by, requested_role, approval, approved_by, approved_role,
       created_at, expires_at, sent_at, answered_at, late, late_status, late_at
  FROM command
 WHERE device_no = %(device_no)s
 ORDER BY created_at

-- name: transitions
SELECT t.command_id, t.at, t.state, t.reason FROM command_transition t JOIN command c USING (command_id)
 WHERE c.device_no = %(device_no)s
 ORDER BY t.at

-- name: touched
-- Who has looked at or touched the device, as the audit has it.
SELECT at, actor, role, care_unit, action, detail FROM audit WHERE device_no = %(device_no)s ORDER BY at

-- name: state
SELECT * FROM device_state_seen WHERE device_no = %(device_no)s
