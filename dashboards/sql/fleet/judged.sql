-- The idle verdict of fleet/idle.py in SQL, device by device; tests/integration/dashboards holds the two against each other.
-- Silence never becomes "unused": days without use are counted up to the day the device was last heard.
facts AS (
    SELECT c.*, s.last_used_day, p.note_days, p.contact_days, p.propose_days, p.quiet_months, p.quiet_propose_days,
           p.training_days, p.silent_after_days, s.last_seen_at,
           (now() AT TIME ZONE 'Europe/Stockholm')::date AS today,
           (c.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date AS loan_day,
           least(s.last_seen_at AT TIME ZONE 'Europe/Stockholm', now() AT TIME ZONE 'Europe/Stockholm')::date AS heard_day,
           (s.first_seen_at AT TIME ZONE 'Europe/Stockholm')::date AS first_seen_day
      FROM chosen c
      JOIN device_model m USING (model_key)
      JOIN idle_policy p ON p.device_class = c.device_class AND p.name = m.idle_policy
      LEFT JOIN device_state_seen s USING (device_no)
),
-- From which day no use is proven: the last used one of this loan, else the first with data.
dated AS (
    SELECT *,
           coalesce(last_used_day >= loan_day, false) AS ever_used,
           CASE WHEN last_used_day >= loan_day THEN last_used_day
                ELSE least(greatest(loan_day, first_seen_day), heard_day) END AS counted_from
      FROM facts
),
worded AS (
    SELECT *,
           CASE
               WHEN loan_started_at IS NULL THEN 'in_stock'
               WHEN enrolled_at IS NULL THEN 'cannot_report'
               WHEN last_seen_at IS NULL OR last_seen_at < loan_started_at THEN 'never_connected'
               WHEN today - heard_day > silent_after_days THEN 'silent'
               WHEN ever_used AND heard_day - counted_from < note_days THEN 'used'
               WHEN today - loan_day < training_days OR heard_day - counted_from < note_days THEN 'too_early'
               WHEN ever_used THEN 'unused'
               ELSE 'never_started'
           END AS verdict
      FROM dated
),
measured AS (
    SELECT w.*,
           CASE WHEN verdict IN ('unused', 'never_started') THEN (
               SELECT count(*) FROM generate_series(counted_from + 1, heard_day, interval '1 day') AS day
                WHERE extract(month FROM day)::integer <> ALL (quiet_months)) END AS counted_days
      FROM worded w
),
judged AS (
    SELECT device_no, device_id, individual_number, device_class, model_key, payer_id, verdict,
           CASE
               WHEN verdict IN ('in_stock') THEN NULL
               WHEN verdict IN ('cannot_report', 'never_connected') THEN loan_day
               WHEN verdict = 'silent' THEN heard_day
               ELSE counted_from
           END AS since,
           CASE
               WHEN verdict IN ('cannot_report', 'never_connected') THEN today - loan_day
               WHEN verdict = 'silent' THEN today - heard_day
               WHEN verdict <> 'in_stock' THEN greatest(0, heard_day - counted_from)
           END AS days,
           CASE
               WHEN verdict NOT IN ('unused', 'never_started') THEN 'none'
               WHEN counted_days >= propose_days OR heard_day - counted_from >= quiet_propose_days THEN 'propose'
               WHEN counted_days >= contact_days THEN 'contact'
               WHEN counted_days >= note_days THEN 'note'
               ELSE 'none'
           END AS step,
           (SELECT r.rent_sek FROM model_price r
             WHERE r.model_key = measured.model_key AND r.valid_from <= measured.today
             ORDER BY r.valid_from DESC LIMIT 1) AS rent_sek
      FROM measured
)
