-- name: disagreements
-- Open loans whose payer or legal frame is another than their prescriber's: the wrong payer code ("baskod") after a transfer. Each is
-- marked as it is written (migration 0021); the unit is told to whoever sees the loan, also where it belongs to another payer.
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, m.maker, m.name AS model_name, l.legal_frame,
       p.code AS payer_code, p.name AS payer_name, r.code AS prescriber_code, r.unit_name AS prescriber_unit,
       q.code AS prescriber_payer_code, q.name AS prescriber_payer_name, r.legal_frame AS prescriber_frame,
       (l.started_at AT TIME ZONE 'Europe/Stockholm')::date AS since,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM loan l
 CROSS JOIN LATERAL prescribing_unit(l.loan_id) r
  JOIN device d ON d.device_no = l.device_no
  JOIN device_model m USING (model_key)
  JOIN payer p ON p.payer_id = l.payer_id
  JOIN payer q ON q.payer_id = r.payer_id
 WHERE l.disagrees AND l.ended_at IS NULL
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(after)s::integer IS NULL OR l.device_no > %(after)s)
 ORDER BY l.device_no
 LIMIT %(limit)s

-- name: checked
-- As the latest run of verdicts counted the register.
SELECT coalesce(sum(f.devices), 0)::integer AS on_loan,
       coalesce(sum(f.devices) FILTER (WHERE f.prescriber_id IS NOT NULL), 0)::integer AS with_prescriber,
       (SELECT max(judged_at) FROM idle_run) AS counted_at
  FROM idle_figure f
 WHERE f.verdict <> 'in_stock'

-- name: checked_now
-- The same before the first run.
SELECT count(*) AS on_loan, count(l.prescriber_id) AS with_prescriber, NULL AS counted_at FROM loan l WHERE l.ended_at IS NULL
