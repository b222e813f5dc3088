-- name: absences
-- Newest first; of the loan that is open, to those who see the device.
SELECT a.absence_id, a.kind, a.from_day, a.until_day, a.noted_by, a.noted_at, a.withdrawn_at, a.dose_absence_id, a.device_no,
       d.device_id, d.individual_number, d.device_class, p.code AS payer_code, p.name AS payer_name,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM absence a
  JOIN device d USING (device_no)
  LEFT JOIN payer p USING (payer_id)
 WHERE (%(device_no)s::integer IS NULL OR a.device_no = %(device_no)s)
   AND (%(absence_id)s::bigint IS NULL OR a.absence_id = %(absence_id)s)
   AND (%(kind)s::text IS NULL OR a.kind = %(kind)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (NOT %(current)s::boolean OR a.withdrawn_at IS NULL AND %(today)s BETWEEN a.from_day AND coalesce(a.until_day, 'infinity'))
   AND (%(after)s::bigint IS NULL OR a.absence_id < %(after)s)
 ORDER BY a.absence_id DESC
 LIMIT %(limit)s

-- name: device
SELECT d.device_no, d.device_id, d.device_class, d.loan_started_at, l.loan_id
  FROM device d
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE d.device_id = %(device_id)s

-- name: same
SELECT absence_id FROM absence
 WHERE loan_id = %(loan_id)s AND kind = %(kind)s AND from_day = %(first)s AND until_day IS NOT DISTINCT FROM %(until)s
   AND withdrawn_at IS NULL
 LIMIT 1

-- name: register
INSERT INTO absence (loan_id, device_no, from_day, until_day, kind, noted_by, noted_at, dose_absence_id)
VALUES (%(loan_id)s, %(device_no)s, %(first)s, %(until)s, %(kind)s, %(by)s, %(now)s, %(dose_absence_id)s)
RETURNING absence_id

-- name: end
UPDATE absence SET until_day = %(until)s
 WHERE absence_id = %(absence_id)s AND withdrawn_at IS NULL AND from_day <= %(until)s AND coalesce(until_day, 'infinity') > %(until)s

-- name: withdraw
UPDATE absence SET withdrawn_at = %(now)s WHERE absence_id = %(absence_id)s AND withdrawn_at IS NULL

-- name: open_pause
-- The pause that is open already, whoever entered it.
SELECT absence_id FROM dose_absence WHERE device_no = %(device_no)s AND (ended_at IS NULL OR ended_at > %(now)s) LIMIT 1

-- name: begin_pause
INSERT INTO dose_absence (device_no, reason, started_at, started_by, ended_at, ended_by)
VALUES (%(device_no)s, %(reason)s, %(starts)s, %(by)s, %(ends)s, CASE WHEN %(ends)s::timestamptz IS NOT NULL THEN %(by)s END)
RETURNING absence_id

-- name: end_pause
UPDATE dose_absence SET ended_at = greatest(%(ends)s, started_at + interval '1 microsecond'), ended_by = %(by)s
 WHERE absence_id = %(dose_absence_id)s AND (ended_at IS NULL OR ended_at > %(ends)s)

-- name: follow_doses
INSERT INTO absence (loan_id, device_no, from_day, kind, noted_by, noted_at, dose_absence_id)
SELECT l.loan_id, l.device_no, %(today)s, %(kind)s, %(by)s, %(now)s, b.absence_id
  FROM device d
  JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  JOIN dose_absence b ON b.device_no = d.device_no AND b.ended_at IS NULL
 WHERE d.device_id = %(device_id)s
   AND NOT EXISTS (SELECT FROM absence a WHERE a.dose_absence_id = b.absence_id AND a.withdrawn_at IS NULL)

-- name: end_with_doses
UPDATE absence a SET until_day = greatest(a.from_day, %(today)s - 1)
  FROM device d
 WHERE d.device_id = %(device_id)s AND a.device_no = d.device_no AND a.withdrawn_at IS NULL AND a.from_day <= %(today)s
   AND coalesce(a.until_day, 'infinity') > greatest(a.from_day, %(today)s - 1)
   AND EXISTS (SELECT FROM dose_absence b WHERE b.absence_id = a.dose_absence_id AND b.ended_at IS NOT NULL)
