-- What the console's pages need beside benchmarks/workshop_pages.sql, for benchmarks/console_pages.py.
INSERT INTO usage_day (device_no, local_day, measure, amount)
    SELECT 7, current_date - n, 'drive_minutes', CASE WHEN n % 5 = 0 THEN 0 ELSE 30 END FROM generate_series(1, 99) n;
INSERT INTO idle_verdict (device_no, loan_started_at, verdict, step, since, days, judged_day, judged_at, last_used_day, last_heard_day,
                          p_in_use, rent_sek, cost_sek)
    SELECT device_no, loan_started_at, CASE WHEN device_no % 20 = 0 THEN 'unused' WHEN device_no % 3 = 0 THEN 'silent' ELSE 'used' END,
           CASE WHEN device_no % 20 = 0 THEN 'propose' ELSE 'none' END, current_date - 60, CASE WHEN device_no % 20 = 0 THEN 60 END,
           current_date, now(), current_date - 60, current_date, 0.02, 125, 250
      FROM device;
ALTER TABLE recall_case DISABLE TRIGGER recall_ground;
INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class, model_key, verdict,
                         since, known_until, days, rent_sek, proposed_at, proposed_by, changed_at, changed_by, why)
    SELECT d.device_no, l.loan_id, l.payer_id, l.legal_frame, l.prescriber_id, d.individual_number, d.device_class, d.model_key, 'unused',
           current_date - 60, current_date, 60, 125, now(), 'x', now(), 'x', 'x'
      FROM device d JOIN loan l USING (device_no) WHERE d.device_no % 40 = 0;
ALTER TABLE recall_case ENABLE TRIGGER recall_ground;
INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at)
    SELECT n * 11, 'bench_' || n, CASE WHEN n % 3 = 0 THEN 'critical' ELSE 'warning' END, n % 3 = 0, 'technical', 'Batteriet behöver laddas',
           'Battery needs charging', 'Laddningsnivån är 12 %', 'State of charge is 12 %', now() - n * interval '1 minute'
      FROM generate_series(1, 400) n;
INSERT INTO escalation (alarm_id, ladder, document, position, due_at, wait, started_at)
    SELECT alarm_id, 'natt', '{{"steps": [{{}}, {{}}, {{}}]}}', alarm_id % 4, now() + interval '5 minutes', interval '5 minutes', now()
      FROM alarm;
INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder, idempotency_key, approval,
                     state, reason, result, created_at, expires_at, sent_at, answered_at)
    SELECT 7, 1000 + n, 'read_faults', 'read', '{{}}', 'x', 'technician', 'x', 'bench-' || n, 'not_needed', 'succeeded', '',
           '{{"faults": []}}', now() - n * interval '1 hour', now() - n * interval '1 hour' + interval '30 s', now() - n * interval '1 hour',
           now() - n * interval '1 hour' FROM generate_series(1, 50) n;
