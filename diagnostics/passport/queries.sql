-- name: device
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, m.maker, m.name AS model_name, d.serial_number,
       d.firmware, d.stock_state, d.registered_at, d.loan_started_at, d.enrolled_at, s.last_seen_at, s.metric_values,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held,
       (SELECT count(*) FROM loan l WHERE l.device_no = d.device_no) AS loans,
       (SELECT count(*) FROM work_order w WHERE w.device_no = d.device_no AND w.state = 'done' AND w.solved <> 'no_fault_found')
       + (SELECT count(*) FROM device_repair x WHERE x.device_no = d.device_no) AS repairs,
       (SELECT rent_sek FROM model_price p WHERE p.model_key = d.model_key AND p.valid_from <= %(today)s
         ORDER BY valid_from DESC LIMIT 1) AS rent_sek
  FROM device d
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state_seen s USING (device_no)
 WHERE d.device_id = %(device_id)s

-- name: faults
SELECT coalesce(f.fault_code, f.system || ' ' || f.code) AS code, c.title_sv, c.title_en, c.severity, sum(f.times)::integer AS times,
       bool_or(f.cleared_at IS NULL) AS active
  FROM device_fault f
  LEFT JOIN fault_code c ON c.code = f.fault_code
 WHERE f.device_no = %(device_no)s
 GROUP BY 1, 2, 3, 4
 ORDER BY active DESC, times DESC, code
 LIMIT 40

-- name: coldest
SELECT min({column}) AS coldest FROM {view} WHERE device_no = %(device_no)s AND ts >= %(since)s AND {column} IS NOT NULL

-- name: hand_back
-- The end of the loan; triggers seal what belongs to the borrower, settle alarms, cancel commands and withdraw an open recall.
UPDATE loan SET ended_at = %(now)s WHERE device_no = %(device_no)s AND ended_at IS NULL AND started_at < %(now)s
