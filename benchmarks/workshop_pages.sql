-- A region of {devices} devices, for benchmarks/workshop_pages.py.
INSERT INTO payer (code, name, kind) SELECT 'kommun-' || n, 'Kommun ' || n, 'municipality' FROM generate_series(1, {payers}) n;
INSERT INTO depot (code, name) SELECT 'depa-' || n, 'Depå ' || n FROM generate_series(1, 4) n;
INSERT INTO prescriber (code, unit_name, payer_id, legal_frame)
    SELECT 'enhet-' || n, 'Enhet ' || n, 1 + n % {payers}, 'HSL' FROM generate_series(1, 7500) n;
INSERT INTO device (device_id, individual_number, device_class, model_key, firmware, depot_id, enrolled_at, payer_id, legal_frame,
                    loan_started_at, stock_state, acquired_on, registered_at)
    SELECT 'd-' || lpad(n::text, 8, '0'), lpad(n::text, 8, '0'), 'wheelchair',
           (ARRAY['pg-vr2', 'permobil-m3', 'dynamic-dx', 'permobil-m3'])[1 + n % 4], (ARRAY['2.0', '2.1', '3.0'])[1 + n / 5 % 3],
           1 + n % 4, now(), 1 + n % {payers}, 'HSL', now() - interval '100 days', 'on_loan',
           CASE WHEN n % 5 > 0 THEN current_date - 200 - (n * 37 % 3000) END, now() - interval '3 years'
      FROM generate_series(1, {devices}) n;
-- What the trigger would write into each device stands there already.
ALTER TABLE loan DISABLE TRIGGER USER;
-- A unit of its payer, but for one loan in 97: that is the next unit's, of the next payer.
INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at, disagrees)
    SELECT n, 1 + n % {payers}, 'HSL', 1 + (n - 1 + (n % 97 = 0)::integer) % (7500 - 7500 % {payers}), now() - interval '100 days', n % 97 = 0
      FROM generate_series(1, {devices}) n;
ALTER TABLE loan ENABLE TRIGGER USER;
INSERT INTO device_state (device_no, boot, online, first_seen_at, last_seen_at, last_event_at, metric_values)
    SELECT n, 1, true, now() - interval '99 days', now(), now(),
           jsonb_build_object('battery.soc', jsonb_build_array(80, (extract(epoch FROM now()) * 1000)::bigint),
                              'drive.odometer_total', jsonb_build_array(n % 4000, (extract(epoch FROM now()) * 1000)::bigint))
      FROM generate_series(1, {devices}) n;
-- Two faults a device and year, of every code of the class, some often and some seldom; one in fifty is known by no profile.
ALTER TABLE device_fault DISABLE TRIGGER USER;
INSERT INTO device_fault (device_no, system, code, fault_code, module, raised_at, last_seen_at, known_at, cleared_at, cleared_by, source,
                          device_class, model_key, firmware)
    SELECT device_no, CASE WHEN n % 50 = 0 THEN 'own' ELSE 'vr2' END, (CASE WHEN n % 50 = 0 THEN n % 41 ELSE which END)::text,
           CASE WHEN n % 50 > 0 THEN codes[which] END, (ARRAY['', 'left', 'right'])[1 + n % 3], at, at, at,
           CASE WHEN n % 10 > 0 THEN at + interval '1 hour' END, CASE WHEN n % 10 > 0 THEN 'device' END, 'event',
           device_class, model_key, firmware
      FROM (SELECT coalesce(nullif(array_agg(code ORDER BY code) FILTER (WHERE code LIKE 'WC-%'), '{{}}'), '{{WC-MOT-01}}') AS codes
              FROM fault_code) c,
           generate_series(1, {devices} * 2) AS s (n),
           LATERAL (SELECT now() - n * (interval '365 days' / ({devices} * 2)) AS at,
                           (1 + n::bigint * 7919 % 1009 * (n::bigint * 104729 % 1013) * cardinality(codes) / (1009 * 1013))::integer AS which) x,
           device
     WHERE device_no = 1 + n::bigint * 31 % {devices}
    ON CONFLICT DO NOTHING;
ALTER TABLE device_fault ENABLE TRIGGER USER;
INSERT INTO work_order (device_no, priority, audience, title_sv, title_en, reported_at, start_by, done_by, created_by, state,
                        closed_at, solved, visits)
    SELECT 1 + (n * 7) % {devices}, 'ordinary', 'technical', 'Fel', 'Fault', now() - n * interval '1 minute', now(),
           now() - n * interval '1 minute' + interval '14 days', 'x', CASE WHEN n % 20 > 0 THEN 'done' ELSE 'placed' END,
           CASE WHEN n % 20 > 0 THEN now() END, CASE WHEN n % 20 > 0 THEN 'visit' END, CASE WHEN n % 20 > 0 THEN 1 END
      FROM generate_series(1, {devices} / 5) n;
INSERT INTO work_order_finding (order_id, device_no, kind, reference, finding_key, title_sv, title_en, happened_at, known_at, noted_by,
                                is_open)
    SELECT order_id, device_no, 'fault', '1', 'fault:x', 'Fel', 'Fault', reported_at, reported_at, 'x', state = 'placed' FROM work_order;
INSERT INTO work_order_transition (order_id, at, state, by_whom) SELECT order_id, reported_at, 'draft', 'x' FROM work_order;
INSERT INTO reading_wheelchair (device_no, ts, received_at, boot, seq, battery_soc)
    SELECT 7, now() - n * interval '1 minute', now() - n * interval '1 minute', 1, 200000 - n, 50 FROM generate_series(1, {minutes}) n;
INSERT INTO reading_wheelchair (device_no, ts, received_at, boot, seq, battery_soc)
    SELECT d, now() - n * interval '1 hour', now() - n * interval '1 hour', 1, n, 50
      FROM generate_series(8, {others}) d, generate_series(1, 1000) n;
INSERT INTO device_event (device_no, ts, received_at, boot, seq, event, audience, data)
    SELECT 7, now() - n * interval '10 minutes', now(), 1, 300000 + n, 'charge_started', 'technical', '{{}}'
      FROM generate_series(1, 10000) n;
