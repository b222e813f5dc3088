-- name: schedules
-- Those of the open loan, in the order in which they came into force.
SELECT s.device_no, s.version, s.times, s.weekdays, s.late_minutes, s.unknown_minutes, s.valid_from, s.entered_at
  FROM dose_schedule s JOIN device d USING (device_no)
 WHERE s.device_no = ANY (%(devices)s::integer[]) AND s.valid_from >= d.loan_started_at
 ORDER BY s.device_no, s.valid_from, s.version

-- name: told
SELECT device_no, ts, received_at, event, data -> 'sequence' AS sequence
  FROM device_event
 WHERE device_no = ANY (%(devices)s::integer[]) AND ts >= %(start)s AND event = ANY (%(events)s::text[])

-- name: before
SELECT device_no, sequence, outcome FROM dose WHERE device_no = ANY (%(devices)s::integer[]) AND due_at >= %(start)s

-- name: absences
SELECT a.device_no, a.started_at, a.ended_at FROM dose_absence a JOIN device d USING (device_no)
 WHERE a.device_no = ANY (%(devices)s::integer[]) AND a.started_at >= d.loan_started_at

-- name: verifications
SELECT c.device_no, c.verified_at FROM roll_check c JOIN device d USING (device_no)
 WHERE c.device_no = ANY (%(devices)s::integer[]) AND c.verified_at >= d.loan_started_at

-- name: keep
INSERT INTO dose (device_no, sequence, due_at, outcome, since, told, late, known_at, first_outcome)
SELECT %(device_no)s, x.sequence, x.due_at, x.outcome, x.since, x.told, x.late, %(now)s, x.outcome
  FROM unnest(%(sequences)s::bigint[], %(dues)s::timestamptz[], %(outcomes)s::text[], %(sinces)s::timestamptz[], %(told)s::boolean[],
              %(late)s::boolean[]) AS x (sequence, due_at, outcome, since, told, late)
ON CONFLICT (device_no, sequence) DO UPDATE
   SET outcome = excluded.outcome, since = excluded.since, told = excluded.told, late = excluded.late, known_at = excluded.known_at
 WHERE dose.outcome <> excluded.outcome OR dose.told <> excluded.told

-- name: device
SELECT d.device_no, d.device_id, d.device_class, d.loan_started_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d WHERE d.device_id = %(device_id)s

-- name: shown_schedules
SELECT s.version, s.times, s.weekdays, s.late_minutes, s.unknown_minutes, s.valid_from, s.entered_by, s.entered_at
  FROM dose_schedule s WHERE s.device_no = %(device_no)s ORDER BY s.valid_from DESC, s.version DESC LIMIT 50

-- name: shown_doses
SELECT sequence, due_at, outcome, since, told, late, known_at, first_outcome
  FROM dose WHERE device_no = %(device_no)s AND due_at >= %(start)s AND due_at < %(end)s ORDER BY due_at DESC LIMIT %(limit)s

-- name: shown_absences
SELECT absence_id, reason, started_at, started_by, ended_at, ended_by
  FROM dose_absence WHERE device_no = %(device_no)s ORDER BY started_at DESC LIMIT 50

-- name: last_verification
SELECT max(verified_at) AS verified_at FROM roll_check WHERE device_no = %(device_no)s

-- name: enter_schedule
INSERT INTO dose_schedule (device_no, version, times, weekdays, late_minutes, unknown_minutes, valid_from, entered_by)
VALUES (%(device_no)s, %(version)s, %(times)s::time[], %(weekdays)s, %(late_minutes)s, %(unknown_minutes)s, %(valid_from)s, %(by)s)

-- name: start_absence
INSERT INTO dose_absence (device_no, reason, started_at, started_by) VALUES (%(device_no)s, %(reason)s, %(at)s, %(by)s)
ON CONFLICT DO NOTHING

-- name: end_absence
UPDATE dose_absence SET ended_at = %(at)s, ended_by = %(by)s WHERE device_no = %(device_no)s AND ended_at IS NULL AND started_at < %(at)s

-- name: verify_roll
INSERT INTO roll_check (device_no, verified_at, verified_by) VALUES (%(device_no)s, %(at)s, %(by)s)

-- name: unsupervised
-- Machines on loan that no schedule is known for: nothing can be expected of them, which is not the same as well.
SELECT d.device_id, d.individual_number, p.code AS payer,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d JOIN payer p USING (payer_id)
 WHERE d.device_class = 'dispenser' AND d.loan_started_at IS NOT NULL AND d.enrolled_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM dose_schedule s WHERE s.device_no = d.device_no AND s.valid_from >= d.loan_started_at)
 ORDER BY d.individual_number LIMIT %(limit)s
