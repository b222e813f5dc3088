-- name: facts
-- What is written about the open loan of a device; the devices that the same person borrows, as far as the caller sees them.
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.basic_equipment, d.administration_service, d.loan_started_at,
       d.legal_frame, p.code AS payer_code, p.name AS payer_name, l.loan_id, l.consented_at, r.code AS prescriber_code,
       r.unit_name AS prescriber_unit, u.prescribed_interval_days, c.code AS source_code, c.title AS source_title,
       u.borrower_key IS NOT NULL AS borrower_known, e.from_day AS replaced_from, e.noted_by AS replaced_noted_by,
       n.individual_number AS replaced_by_number, n.device_id AS replaced_by_id,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held,
       CASE WHEN n.device_no IS NOT NULL
            THEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = n.device_no AND h.lifted_at IS NULL) END AS replaced_by_held,
       ARRAY(SELECT jsonb_build_object('individual_number', o.individual_number, 'held', EXISTS (
                    SELECT FROM incident_hold h WHERE h.device_no = o.device_no AND h.lifted_at IS NULL))
               FROM loan_use v JOIN loan m USING (loan_id) JOIN device o ON o.device_no = m.device_no
              WHERE v.borrower_key = u.borrower_key AND m.ended_at IS NULL AND m.loan_id <> l.loan_id ORDER BY o.individual_number) AS same_borrower
  FROM device d
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  LEFT JOIN payer p ON p.payer_id = d.payer_id
  LEFT JOIN prescriber r ON r.prescriber_id = l.prescriber_id
  LEFT JOIN loan_use u ON u.loan_id = l.loan_id
  LEFT JOIN data_source c USING (source_id)
  LEFT JOIN device_replacement e ON e.loan_id = l.loan_id
  LEFT JOIN device n ON n.device_no = e.replaced_by
 WHERE d.device_id = %(device_id)s

-- name: source
SELECT source_id FROM data_source WHERE code = %(source)s

-- name: keep_use
-- What is not said stays as it is.
INSERT INTO loan_use AS u (loan_id, device_no, source_id, borrower_key, prescribed_interval_days)
VALUES (%(loan_id)s, %(device_no)s, %(source_id)s, %(borrower_key)s, %(prescribed_interval_days)s)
ON CONFLICT (loan_id) DO UPDATE
   SET source_id = CASE WHEN %(says_source)s THEN excluded.source_id ELSE u.source_id END,
       borrower_key = CASE WHEN %(says_borrower)s THEN excluded.borrower_key ELSE u.borrower_key END,
       prescribed_interval_days = CASE WHEN %(says_interval)s THEN excluded.prescribed_interval_days ELSE u.prescribed_interval_days END

-- name: device_number
SELECT device_no, device_class FROM device WHERE individual_number = %(individual_number)s

-- name: forget_replacement
DELETE FROM device_replacement WHERE loan_id = %(loan_id)s

-- name: replace
INSERT INTO device_replacement (loan_id, device_no, replaced_by, from_day, noted_by, noted_at)
VALUES (%(loan_id)s, %(device_no)s, %(replaced_by)s, %(from_day)s, %(by)s, %(now)s)

-- name: consent
UPDATE loan SET consented_at = %(consented_at)s WHERE loan_id = %(loan_id)s AND ended_at IS NULL

-- name: equip
UPDATE device SET basic_equipment = %(basic_equipment)s, administration_service = %(administration_service)s WHERE device_no = %(device_no)s
