-- What the console's pages need beside benchmarks/workshop_pages.sql, for benchmarks/console_pages.py.
-- Every hundredth device is a dispenser, the others wheelchairs; every fiftieth has been silent for days.
UPDATE device SET device_class = 'dispenser', model_key = 'roll-dispenser-r2', legal_frame = 'SoL' WHERE device_no % 100 = 3 AND device_no > 600;
UPDATE loan SET legal_frame = 'SoL', disagrees = true WHERE device_no % 100 = 3 AND device_no > 600;
UPDATE device_state SET last_seen_at = now() - interval '9 days' WHERE device_no % 50 = 1 AND device_no > 600;
INSERT INTO usage_day (device_no, local_day, measure, amount)
    SELECT 7, current_date - n, 'drive_minutes', CASE WHEN n % 5 = 0 THEN 0 ELSE 30 END FROM generate_series(1, 99) n;
INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id, verdict, step, since, days, judged_day, judged_at, last_used_day, last_heard_day,
                          p_in_use, rent_sek, cost_sek)
    SELECT device_no, loan_started_at, device_class, payer_id, CASE WHEN device_no % 20 = 0 THEN 'unused' WHEN device_no % 3 = 0 THEN 'silent' ELSE 'used' END,
           CASE WHEN device_no % 20 = 0 THEN 'propose' ELSE 'none' END, current_date - 60 - device_no % 40,
           CASE WHEN device_no % 20 = 0 THEN 60 END,
           current_date, now(), current_date - 60, current_date, 0.02, 125, CASE WHEN device_no % 20 = 0 THEN 250 END
      FROM device;
INSERT INTO idle_verdict_change (device_no, loan_started_at, judged_day, changed_at, verdict, step)
    SELECT device_no, loan_started_at, current_date, now() - interval '3 hours', 'unused', 'propose' FROM device WHERE device_no % 200 = 0;
INSERT INTO idle_run (judged_at, judged_day, devices, written, seconds)
    SELECT now() - interval '3 hours', current_date, {devices}, {devices}, 60;
INSERT INTO idle_figure (payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, devices, rent_sek, cost_sek)
    SELECT d.payer_id, d.legal_frame, d.device_class, l.prescriber_id, d.depot_id, v.verdict, v.step, count(*), sum(v.rent_sek),
           coalesce(sum(v.cost_sek), 0)
      FROM device d JOIN loan l USING (device_no) JOIN idle_verdict v USING (device_no) GROUP BY 1, 2, 3, 4, 5, 6, 7;
-- A tenth of those proposed is asked, ordered, collected or done with.
INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class, model_key, verdict,
                         since, known_until, days, rent_sek, proposed_at, proposed_by, changed_at, changed_by, why, state, asked_at, ordered_at,
                         rent_stops, pick_up_by, deregister_by, collected_at)
    SELECT d.device_no, l.loan_id, l.payer_id, l.legal_frame, l.prescriber_id, d.individual_number, d.device_class, d.model_key, 'unused',
           current_date - 60, current_date, 60, 125, now() - interval '9 days', 'x', now() - (d.device_no % 300) * interval '1 hour', 'x', 'x',
           s.state, CASE WHEN s.state <> 'proposed' THEN now() - interval '8 days' END,
           CASE WHEN s.state IN ('pick_up_ordered', 'collected') THEN now() - interval '7 days' END,
           CASE WHEN s.state IN ('pick_up_ordered', 'collected') THEN current_date - 2 END,
           CASE WHEN s.state IN ('pick_up_ordered', 'collected') THEN current_date + (d.device_no / 40 % 9)::integer - 4 END,
           CASE WHEN s.state IN ('pick_up_ordered', 'collected') THEN current_date + (d.device_no / 40 % 9)::integer - 4 END,
           CASE WHEN s.state = 'collected' THEN now() - interval '1 day' END
      FROM device d JOIN loan l USING (device_no)
     CROSS JOIN LATERAL (SELECT CASE d.device_no / 40 % 40 WHEN 1 THEN 'asked' WHEN 2 THEN 'confirmed_unused' WHEN 3 THEN 'pick_up_ordered'
                                                            WHEN 4 THEN 'collected' ELSE 'proposed' END AS state) s
     WHERE d.device_no % 40 = 0;
INSERT INTO recall_transition (case_id, at, action, after, actor, why)
    SELECT case_id, changed_at, 'propose', state, 'x', 'x' FROM recall_case;
INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at)
    SELECT n * 11, 'bench_' || n, CASE WHEN n % 3 = 0 THEN 'critical' ELSE 'warning' END, n % 3 = 0, 'technical', 'Batteriet behöver laddas',
           'Battery needs charging', 'Laddningsnivån är 12 %', 'State of charge is 12 %', now() - n * interval '1 minute'
      FROM generate_series(1, 400) n;
INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at)
    SELECT 703 + n * 100, 'bench_care_' || n, 'critical', true, 'care', 'Dosen är inte tagen', 'The dose is not taken', 'Dosen skulle tagits',
           'The dose was due', now() - n * interval '1 minute' FROM generate_series(1, least(150, {devices} / 100 - 10)) n;
-- A year of alarms that have ended, numbered as they came.
INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at, raised_at, cleared_at,
                   cleared_why)
    SELECT 1 + (n * 13) % {devices}, 'bench_past', 'warning', false, 'technical', 'Batteriet behöver laddas', 'Battery needs charging', 'x', 'x',
           now() - n * interval '5 minutes', now() - n * interval '5 minutes', now() - n * interval '4 minutes', 'condition_gone'
      FROM generate_series(100000, 1, -1) n;
INSERT INTO escalation (alarm_id, ladder, document, position, due_at, wait, started_at)
    SELECT alarm_id, 'natt', '{{"steps": [{{}}, {{}}, {{}}]}}', alarm_id % 4, now() + interval '5 minutes', interval '5 minutes', now()
      FROM alarm WHERE cleared_at IS NULL;
INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder, idempotency_key, approval,
                     state, reason, result, created_at, expires_at, sent_at, answered_at)
    SELECT 7, 1000 + n, 'read_faults', 'read', '{{}}', 'x', 'technician', 'x', 'bench-' || n, 'not_needed', 'succeeded', '',
           '{{"faults": []}}', now() - n * interval '1 hour', now() - n * interval '1 hour' + interval '30 s', now() - n * interval '1 hour',
           now() - n * interval '1 hour' FROM generate_series(1, 50) n;
INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder, idempotency_key, approval,
                     state, reason, result, created_at, expires_at, sent_at, answered_at)
    SELECT 600 + n % ({devices} - 600), 2000 + n, 'read_faults', 'read', '{{}}', 'x', 'technician', 'x', 'other-' || n, 'not_needed', 'succeeded',
           '', '{{"faults": []}}', now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '1 minute',
           now() - n * interval '1 minute' FROM generate_series(1, 50000) n;
-- Half a year of reads: single devices, and lists that name fifty each.
INSERT INTO audit (at, actor, role, care_unit, action, device_no)
    SELECT now() - n * interval '40 s', 'person-' || n % 900, 'technician', 'enhet-' || n % 200, 'device.read', 1 + (n * 17) % {devices}
      FROM generate_series(1, 400000) n;
INSERT INTO audit (at, actor, role, care_unit, action, detail)
    SELECT now() - n * interval '5 minutes', 'person-' || n % 900, 'technician', 'enhet-' || n % 200, 'devices.search',
           jsonb_build_object('devices', (SELECT jsonb_agg(1 + (n * 50 + k) % {devices}) FROM generate_series(1, 50) k))
      FROM generate_series(1, 40000) n;
