-- name: judged
-- Every device in scope with its idle verdict, as the latest run of verdicts left it (diagnostics/idle/run.py). Whether somebody borrows a
-- device and whether it can report is said by the register at once; a loan that no run has met yet is `not_judged`, which is unknown.
SELECT d.device_no, d.device_id, d.individual_number, d.serial_number, d.firmware, d.device_class, d.model_key, m.maker,
       m.name AS model_name, m.idle_policy, d.payer_id, d.legal_frame, d.stock_state, d.basic_equipment, d.depot_id, d.enrolled_at,
       d.loan_started_at, s.first_seen_at, s.last_seen_at, s.last_used_day, s.online, s.online_at, said.verdict,
       CASE WHEN said.verdict = v.verdict THEN v.step ELSE 'none' END AS step,
       CASE WHEN said.verdict = 'in_stock' THEN NULL
            WHEN said.verdict IN ('cannot_report', 'not_judged') THEN (d.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date
            WHEN said.verdict = 'used' THEN s.last_used_day
            ELSE v.since END AS since,
       v.days, v.proven_unused AND said.verdict = v.verdict AS proven_unused, v.judged_at, v.last_heard_day, v.unheard_days,
       v.absent_days, v.quiet_days, v.note_days, v.contact_days, v.propose_days, v.usual_gap_days, v.longest_gap_days,
       v.double_days, v.p_in_use, v.p_low, v.p_high, v.opinion, v.recent_days, v.rent_sek, v.cost_sek,
       o.individual_number AS other_device, c.title AS source_title
  FROM device d
  JOIN device_model m USING (model_key)
  LEFT JOIN device_state_seen s USING (device_no)
  LEFT JOIN idle_verdict v ON v.device_no = d.device_no AND v.loan_started_at IS NOT DISTINCT FROM d.loan_started_at
  LEFT JOIN device o ON o.device_no = v.other_device_no
  LEFT JOIN data_source c ON c.source_id = v.source_id
 CROSS JOIN LATERAL (
       SELECT CASE WHEN d.loan_started_at IS NULL THEN 'in_stock'
                   WHEN d.enrolled_at IS NULL THEN 'cannot_report'
                   WHEN v.verdict IS NULL THEN 'not_judged'
                   ELSE v.verdict END AS verdict) said

-- name: rolled_up
-- Up to which hour a class is rolled up, and up to when what had come in is in it; and whether the caller sees a device's whole life.
SELECT hours_until, received_until, scope_whole_life() AS whole_life FROM rolled_up(%(device_class)s)
