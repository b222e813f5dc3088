-- name: judged
-- Every device in scope with its idle verdict: the same decisions as fleet/idle.py, by dates that fleet/idle.py computed
-- (`limits`: one row per class, policy and day up to which data may be known; no such row means silent). A test compares the two.
SELECT d.device_no, d.device_id, d.individual_number, d.serial_number, d.firmware, d.device_class, d.model_key, m.maker,
       m.name AS model_name, m.idle_policy, d.payer_id, d.legal_frame, d.stock_state, d.basic_equipment, d.depot_id, d.enrolled_at,
       d.loan_started_at, s.first_seen_at, s.last_seen_at, s.last_used_day, s.online, s.online_at, judged.verdict,
       CASE WHEN judged.verdict NOT IN ('unused', 'never_started') THEN 'none'
            WHEN coalesce(facts.used_day, facts.first_day) <= l.propose THEN 'propose'
            WHEN coalesce(facts.used_day, facts.first_day) <= l.contact THEN 'contact'
            WHEN coalesce(facts.used_day, facts.first_day) <= l.note THEN 'note'
            ELSE 'none' END AS step,
       CASE judged.verdict
            WHEN 'in_stock' THEN NULL
            WHEN 'cannot_report' THEN facts.loan_day
            WHEN 'never_connected' THEN facts.loan_day
            WHEN 'silent' THEN facts.heard_day
            ELSE coalesce(facts.used_day, facts.first_day) END AS since
  FROM device d
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state_seen s USING (device_no)
 CROSS JOIN LATERAL (
       SELECT (d.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date AS loan_day,
              least((s.last_seen_at AT TIME ZONE 'Europe/Stockholm')::date, %(today)s) AS heard_day,
              (s.first_seen_at AT TIME ZONE 'Europe/Stockholm')::date AS first_heard_day) days
 CROSS JOIN LATERAL (
       SELECT days.loan_day, days.heard_day,
              CASE WHEN s.last_used_day >= days.loan_day THEN s.last_used_day END AS used_day,
              least(greatest(days.loan_day, days.first_heard_day), days.heard_day) AS first_day) facts
  LEFT JOIN unnest(%(classes)s::text[], %(policies)s::text[], %(known_until)s::date[], %(training_after)s::date[],
                   %(unused)s::date[], %(note)s::date[], %(contact)s::date[], %(propose)s::date[])
       AS l (device_class, policy, known_until, training_after, unused, note, contact, propose)
    ON l.device_class = d.device_class AND l.policy = m.idle_policy AND l.known_until = facts.heard_day
 CROSS JOIN LATERAL (
       SELECT CASE
              WHEN d.loan_started_at IS NULL THEN 'in_stock'
              WHEN d.enrolled_at IS NULL OR d.device_class <> ALL (%(classes)s::text[]) THEN 'cannot_report'
              WHEN s.last_seen_at IS NULL OR s.last_seen_at < d.loan_started_at THEN 'never_connected'
              WHEN l.known_until IS NULL THEN 'silent'
              WHEN facts.used_day > l.unused THEN 'used'
              WHEN facts.loan_day > l.training_after THEN 'too_early'
              WHEN facts.used_day IS NOT NULL THEN 'unused'
              WHEN facts.first_day > l.unused THEN 'too_early'
              ELSE 'never_started' END AS verdict) judged
