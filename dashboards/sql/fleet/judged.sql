-- The idle verdict of each chosen device as the latest run of verdicts left it (diagnostics/idle); diagnostics/queries.sql says the same.
-- Silence never becomes "unused", and what no run has met yet is unknown.
today AS MATERIALIZED (
    SELECT (now() AT TIME ZONE 'Europe/Stockholm')::date AS day
),
worded AS (
    SELECT c.device_no, c.device_id, c.individual_number, c.device_class, c.model_key, c.payer_id, v.rent_sek, v.cost_sek, v.days,
           v.step, v.since, v.verdict AS stored, s.last_used_day, v.p_in_use, v.opinion,
           (c.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date AS loan_day,
           CASE
               WHEN c.loan_started_at IS NULL THEN 'in_stock'
               WHEN c.enrolled_at IS NULL THEN 'cannot_report'
               ELSE coalesce(v.verdict, 'not_judged')
           END AS verdict
      FROM chosen c
      LEFT JOIN device_state_seen s USING (device_no)
      LEFT JOIN idle_verdict v ON v.device_no = c.device_no AND v.loan_started_at IS NOT DISTINCT FROM c.loan_started_at
),
dated AS (
    SELECT *,
           CASE
               WHEN verdict = 'in_stock' THEN NULL
               WHEN verdict IN ('cannot_report', 'not_judged') THEN loan_day
               WHEN verdict = 'used' THEN last_used_day
               ELSE since
           END AS begun
      FROM worded
),
judged AS MATERIALIZED (
    SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, d.payer_id, d.verdict, d.rent_sek, d.cost_sek,
           d.begun AS since, coalesce(d.days, t.day - d.begun) AS days, d.p_in_use, d.opinion,
           CASE WHEN d.verdict = d.stored THEN d.step ELSE 'none' END AS step
      FROM dated d
     CROSS JOIN today t
)
