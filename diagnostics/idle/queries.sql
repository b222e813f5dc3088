-- name: idle
-- Longest unused first, by the index of the verdicts; row security keeps to what the caller sees. The page's devices are looked up by
-- number, each for itself (OFFSET 0), so that a page ends after so many: of so many tables the planner would else join the whole fleet.
WITH page AS MATERIALIZED (
    SELECT v.device_no, v.since
      FROM idle_verdict v
     CROSS JOIN LATERAL (SELECT FROM device d
                          WHERE d.device_no = v.device_no AND d.loan_started_at IS NOT DISTINCT FROM v.loan_started_at AND {of_device}
                         OFFSET 0) d
     WHERE {of_verdict}
     ORDER BY v.since, v.device_no
     LIMIT {limit}
)
SELECT j.*, p.code AS payer_code, p.name AS payer_name, page.since AS listed_since,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = j.device_no AND h.lifted_at IS NULL) AS held
  FROM page
  JOIN ({judged} WHERE d.device_no = ANY (ARRAY(SELECT device_no FROM page))) j USING (device_no)
  LEFT JOIN payer p USING (payer_id)
 ORDER BY page.since, j.device_no

-- name: summary
-- The denominators: every device in scope by verdict and step, with what it costs a month and has cost.
SELECT f.verdict, f.step, sum(f.devices)::integer AS devices, sum(f.rent_sek) AS rent_sek, sum(f.cost_sek) AS cost_sek
  FROM idle_figure f
  LEFT JOIN payer p USING (payer_id)
 WHERE (%(device_class)s::text IS NULL OR f.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
 GROUP BY 1, 2

-- name: money
-- What proven non-use costs and what a recall would save, with the denominators, by {group}. Those who cannot report are counted, too.
-- Of more groups than are asked for it says how many there are.
SELECT coalesce({group}, '') AS name, (count(*) OVER ())::integer AS groups,
       sum(f.devices) FILTER (WHERE f.verdict <> 'in_stock')::integer AS on_loan,
       coalesce(sum(f.devices) FILTER (WHERE f.verdict NOT IN ('in_stock', 'cannot_report')), 0)::integer AS can_report,
       coalesce(sum(f.devices) FILTER (WHERE f.verdict NOT IN ('in_stock', 'cannot_report', 'never_connected', 'silent', 'source_lost',
                                                               'not_judged')), 0)::integer AS reported,
       coalesce(sum(f.devices) FILTER (WHERE f.verdict IN ('unused', 'never_started', 'replaced')), 0)::integer AS proven_unused,
       coalesce(sum(f.devices) FILTER (WHERE f.step = 'propose'), 0)::integer AS proposed,
       coalesce(sum(f.rent_sek) FILTER (WHERE f.verdict <> 'in_stock'), 0) AS rent_sek,
       coalesce(sum(f.rent_sek) FILTER (WHERE f.step = 'propose'), 0) AS saving_sek,
       coalesce(sum(f.cost_sek), 0) AS cost_sek
  FROM idle_figure f
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN prescriber r USING (prescriber_id)
  LEFT JOIN depot o USING (depot_id)
 GROUP BY 1
HAVING sum(f.devices) FILTER (WHERE f.verdict <> 'in_stock') > 0
 ORDER BY saving_sek DESC, name
 LIMIT %(limit)s

-- name: latest_run
SELECT judged_at, judged_day, devices, written, seconds FROM idle_run ORDER BY judged_at DESC LIMIT 1

-- name: progress
SELECT device_class, received_until, days_until FROM day_block_progress

-- name: stored_until
-- Up to when ingest has stored everything, and the oldest transaction that may still change usage unseen by this one.
SELECT (SELECT min(at) FROM ingest_watermark) AS at, pg_snapshot_xmin(pg_current_snapshot())::text AS seen_xid

-- name: note_progress
INSERT INTO day_block_progress (device_class, received_until, days_until, seen_xid)
VALUES (%(device_class)s, %(received_until)s, %(days_until)s, %(seen_xid)s::xid8)
ON CONFLICT (device_class) DO UPDATE
   SET received_until = excluded.received_until, days_until = excluded.days_until, seen_xid = excluded.seen_xid

-- name: usage_days
-- Days since `first` of one class with what ingest keeps of them; used as the class defines it.
SELECT u.device_no, u.local_day - date '2000-01-01' AS local_day, coalesce(bool_or(u.amount >= c.at_least), false)::integer AS used
  FROM usage_day u
  JOIN device d USING (device_no)
  LEFT JOIN usage_clause c ON c.device_class = d.device_class AND c.measure = u.measure
 WHERE d.device_class = %(device_class)s AND u.local_day >= %(first)s AND u.local_day <= %(last)s
 GROUP BY 1, 2

-- name: changed_usage
-- Usage of every class that was written since the last run: a row's xmin is the transaction that wrote it last. By day and measure devices
-- and amounts are strung together. What makes a used day is the class's, which a run knows of nearly every device: the register is not asked.
SELECT local_day - date '2000-01-01', measure, string_agg(int4send(device_no) || float8send(amount), '')
  FROM usage_day
 WHERE local_day >= %(first)s AND local_day <= %(last)s AND age(xmin) <= %(age)s
 GROUP BY 1, 2

-- name: usage_clauses
SELECT device_class, measure, at_least FROM usage_clause ORDER BY 1, 2

-- name: classes_of
SELECT device_no, device_class FROM device WHERE device_no = ANY (%(devices)s)

-- name: seen_age
-- How many transactions ago the last run saw usage. Where that lies in the future (a database restored elsewhere) or was never, nothing
-- is known to be seen.
SELECT coalesce(max(CASE WHEN age(seen_xid::xid) >= 0 THEN age(seen_xid::xid) ELSE 2147483647 END), 2147483647) AS age
  FROM day_block_progress

-- name: rolled_days
-- Days since `first` with rolled-up readings.
SELECT device_no, ((bucket AT TIME ZONE 'Europe/Stockholm') - make_interval(hours => %(hour)s))::date - date '2000-01-01' AS local_day,
       0 AS used
  FROM {daily}
 WHERE bucket >= %(first)s AND bucket < %(after)s

-- name: arrived_days
-- Days of readings that arrived since the last run, however old; what they add to a day's use is in usage_day already.
WITH days AS MATERIALIZED (
    SELECT DISTINCT device_no, ((ts AT TIME ZONE 'Europe/Stockholm') - make_interval(hours => %(hour)s))::date AS local_day
      FROM {readings}
     WHERE received_at > %(since)s AND received_at <= %(until)s AND ts >= %(first)s
)
SELECT n.device_no, n.local_day - date '2000-01-01' AS local_day,
       coalesce(bool_or(u.amount >= c.at_least), false)::integer AS used
  FROM days n
  LEFT JOIN usage_day u USING (device_no, local_day)
  LEFT JOIN usage_clause c ON c.device_class = %(device_class)s AND c.measure = u.measure
 GROUP BY 1, 2

-- name: event_days
-- Days with events that arrived since the last run.
SELECT DISTINCT e.device_no,
       ((e.ts AT TIME ZONE 'Europe/Stockholm') - make_interval(hours => %(hour)s))::date - date '2000-01-01' AS local_day, 0 AS used
  FROM device_event e
  JOIN device d USING (device_no)
 WHERE d.device_class = %(device_class)s AND e.ts >= %(first)s AND e.ts < %(after)s AND e.received_at > %(since)s

-- name: blocks
SELECT block_no, local_day - date '2000-01-01' AS local_day, heard, used
  FROM day_block
 WHERE local_day >= %(first)s AND local_day <= %(last)s
 ORDER BY block_no, local_day

-- name: days_in_bits
-- A block's days strung together: each as its number, who was heard and who used it.
SELECT block_no, string_agg(int4send(local_day - date '2000-01-01') || heard || used, '')
  FROM day_block
 WHERE local_day >= %(first)s AND local_day <= %(last)s
 GROUP BY block_no

-- name: entries
SELECT block_no, entries FROM verdict_block

-- name: keep_entries
INSERT INTO verdict_block (block_no, entries) VALUES (%(block_no)s, %(records)s)
ON CONFLICT (block_no) DO UPDATE SET entries = excluded.entries

-- name: facts_kept
SELECT block_no, facts FROM fact_block

-- name: keep_facts
INSERT INTO fact_block (block_no, facts) VALUES (%(block_no)s, %(records)s)
ON CONFLICT (block_no) DO UPDATE SET facts = excluded.facts

-- name: basis
SELECT first_day - date '2000-01-01' AS first, digest, quiet_worth, sources, learnt_at, devices FROM idle_basis

-- name: keep_basis
INSERT INTO idle_basis (first_day, digest, quiet_worth, sources, learnt_at, devices)
VALUES (%(first_day)s, %(digest)s, %(quiet_worth)s, %(sources)s, %(learnt_at)s, %(devices)s)
ON CONFLICT (single) DO UPDATE
   SET first_day = excluded.first_day, digest = excluded.digest, quiet_worth = excluded.quiet_worth, sources = excluded.sources,
       learnt_at = excluded.learnt_at, devices = excluded.devices

-- name: due
-- Devices of which a fact was written; what is written from here on stays for the next run.
DELETE FROM idle_due RETURNING device_no

-- name: follow_register
-- What a row says of the register as the register has it now, where a verdict says what it said before.
UPDATE idle_verdict v
   SET device_class = d.device_class, payer_id = d.payer_id, legal_frame = d.legal_frame, depot_id = d.depot_id,
       prescriber_id = l.prescriber_id
  FROM device d
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE v.device_no = ANY (%(devices)s) AND d.device_no = v.device_no
   AND (v.device_class, v.payer_id, v.legal_frame, v.depot_id, v.prescriber_id)
       IS DISTINCT FROM (d.device_class, d.payer_id, d.legal_frame, d.depot_id, l.prescriber_id)

-- name: paired
-- Devices whose verdict rests on another device's days, as it stood.
SELECT device_no FROM idle_verdict WHERE other_device_no IS NOT NULL OR double_days > 0

-- name: seen_since
-- Of some devices those that sent something other than data after what their verdict knows of.
SELECT v.device_no
  FROM idle_verdict v
  JOIN device_class k ON k.name = v.device_class
 CROSS JOIN LATERAL (SELECT last_seen_at FROM device_state s WHERE s.device_no = v.device_no OFFSET 0) s
 WHERE v.device_no = ANY (%(devices)s)
   AND ((s.last_seen_at AT TIME ZONE 'Europe/Stockholm') - make_interval(hours => k.day_starts_at_hour))::date
       > coalesce(v.last_heard_day, (v.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date - 2)

-- name: merge_block
INSERT INTO day_block AS b (block_no, local_day, heard, used) VALUES (%(block_no)s, %(local_day)s, %(heard)s, %(used)s)
ON CONFLICT (block_no, local_day) DO UPDATE SET heard = excluded.heard, used = excluded.used

-- name: forget_days
DELETE FROM day_block WHERE local_day < %(before)s

-- name: facts
-- One row of numbers per device that is not scrapped or lost; days count from 2000-01-01, and a day that never was is -1000000.
SELECT d.device_no, coalesce(array_position(%(models)s::text[], d.model_key), 0) AS model,
       (d.enrolled_at IS NOT NULL)::integer AS enrolled,
       coalesce(((d.loan_started_at AT TIME ZONE 'Europe/Stockholm') - h.day_start)::date - date '2000-01-01'
                + (coalesce(d.earlier_loan_ended_at, '-infinity') AT TIME ZONE 'Europe/Stockholm' - h.day_start
                   > (((d.loan_started_at AT TIME ZONE 'Europe/Stockholm') - h.day_start)::date)::timestamp)::integer,
                1000000) AS loan_day,
       coalesce(((s.last_seen_at AT TIME ZONE 'Europe/Stockholm') - h.day_start)::date - date '2000-01-01', -1000000) AS last_seen,
       coalesce(u.prescribed_interval_days, 0) AS interval, coalesce(u.source_id, 0) AS source,
       coalesce(r.from_day - date '2000-01-01', -1000000) AS replaced, coalesce(r.replaced_by, 0) AS replaced_by,
       coalesce((extract(epoch FROM d.loan_started_at) * 1000000)::bigint, 0) AS loan_at
  FROM device d
  {some}
  JOIN device_class k ON k.name = d.device_class
 CROSS JOIN LATERAL (SELECT make_interval(hours => k.day_starts_at_hour) AS day_start) h
  LEFT JOIN device_state s USING (device_no)
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  LEFT JOIN loan_use u ON u.loan_id = l.loan_id
  LEFT JOIN device_replacement r ON r.loan_id = l.loan_id
 WHERE d.stock_state NOT IN ('scrapped', 'lost')

-- name: contents
-- What the rows of some devices say, strung together.
SELECT string_agg(int4send(device_no) || int8send(content), '') FROM idle_verdict WHERE device_no = ANY (%(devices)s) GROUP BY device_no >> 20

-- name: absences
SELECT a.device_no, a.from_day - date '2000-01-01' AS from_day, coalesce(a.until_day - date '2000-01-01', 1000000) AS until_day
  FROM absence a
  {some}
 CROSS JOIN LATERAL (SELECT FROM loan l WHERE l.loan_id = a.loan_id AND l.ended_at IS NULL OFFSET 0) l
 WHERE a.withdrawn_at IS NULL

-- name: same_borrower
-- Devices of one class that one person borrows at the same time.
SELECT l.device_no, o.device_no AS other_no
  FROM loan_use u
  JOIN loan l USING (loan_id)
  JOIN loan_use v USING (borrower_key)
  JOIN loan o ON o.loan_id = v.loan_id
  JOIN device d ON d.device_no = l.device_no
  JOIN device e ON e.device_no = o.device_no
 WHERE l.ended_at IS NULL AND o.ended_at IS NULL AND l.device_no <> o.device_no AND d.device_class = e.device_class

-- name: outages
SELECT source_id, max(from_day) - date '2000-01-01' AS from_day
  FROM source_outage
 WHERE until_day IS NULL AND from_day <= %(today)s
 GROUP BY 1

-- name: prices
SELECT model_key, valid_from - date '2000-01-01' AS valid_from, rent_sek FROM model_price ORDER BY model_key, valid_from

-- name: fits
SELECT device_class, model_key, parameters, devices, fitted_at FROM idle_fit

-- name: keep_fit
INSERT INTO idle_fit (device_class, model_key, parameters, devices, fitted_at)
VALUES (%(device_class)s, %(model_key)s, %(parameters)s, %(devices)s, %(fitted_at)s)
ON CONFLICT (device_class, model_key) DO UPDATE
   SET parameters = excluded.parameters, devices = excluded.devices, fitted_at = excluded.fitted_at

-- name: store
-- Writes rows, remembers what became another verdict or step, and says what that takes from the figures and adds to them. What a row says of
-- the register (its group in the figures) stands as long as the loan does, as a run brings it up to date (follow_register); the register is asked
-- about new rows and loans, and a device whose loan changed meanwhile waits for the next run. Each row is looked up by its number (OFFSET 0):
-- the planner would read whole tables for a few thousand.
WITH told AS MATERIALIZED (
    SELECT f.device_no, n.loan_started_at, {values},
           CASE WHEN v.same THEN v.device_class ELSE d.device_class END AS device_class,
           CASE WHEN v.same THEN v.payer_id ELSE d.payer_id END AS payer_id,
           CASE WHEN v.same THEN v.legal_frame ELSE d.legal_frame END AS legal_frame,
           CASE WHEN v.same THEN v.depot_id ELSE d.depot_id END AS depot_id,
           CASE WHEN v.same THEN v.prescriber_id ELSE d.prescriber_id END AS prescriber_id,
           v.same IS TRUE AS same, v.verdict AS was_verdict, v.step AS was_step, v.rent_sek AS was_rent_sek, v.cost_sek AS was_cost_sek
      FROM (SELECT unnest(%(device_no)s) AS device_no, unnest(%(loan_at)s) AS loan_at, {arrays}) f
     CROSS JOIN LATERAL (SELECT timestamptz 'epoch' + nullif(f.loan_at, 0) * interval '1 microsecond' AS loan_started_at) n
      LEFT JOIN LATERAL (SELECT *, loan_started_at IS NOT DISTINCT FROM n.loan_started_at AS same
                           FROM idle_verdict WHERE device_no = f.device_no OFFSET 0) v ON true
      LEFT JOIN LATERAL (SELECT d.*, l.prescriber_id
                           FROM device d
                           LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
                          WHERE d.device_no = f.device_no AND d.loan_started_at IS NOT DISTINCT FROM n.loan_started_at
                            AND v.same IS NOT TRUE OFFSET 0) d ON true
     WHERE v.same OR d.device_no IS NOT NULL),
noted AS (
    INSERT INTO idle_verdict_change (device_no, loan_started_at, judged_day, changed_at, verdict, step)
    SELECT device_no, loan_started_at, %(judged_day)s, %(judged_at)s, verdict, step
      FROM told
     WHERE NOT same OR (was_verdict, was_step) <> (verdict, step)
        ON CONFLICT DO NOTHING),
stored AS (
    INSERT INTO idle_verdict AS v (device_no, loan_started_at, device_class, payer_id, legal_frame, depot_id, prescriber_id,
                                   judged_day, judged_at, {columns})
    SELECT device_no, loan_started_at, device_class, payer_id, legal_frame, depot_id, prescriber_id, %(judged_day)s, %(judged_at)s, {columns}
      FROM told
        ON CONFLICT (device_no) DO UPDATE
       SET loan_started_at = excluded.loan_started_at, device_class = excluded.device_class, payer_id = excluded.payer_id,
           legal_frame = excluded.legal_frame, depot_id = excluded.depot_id, prescriber_id = excluded.prescriber_id,
           judged_day = excluded.judged_day, judged_at = excluded.judged_at, {assignments})
SELECT payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, sum(devices)::integer AS devices,
       coalesce(sum(rent_sek) FILTER (WHERE verdict <> 'in_stock'), 0) AS rent_sek, coalesce(sum(cost_sek), 0) AS cost_sek
  FROM (SELECT payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, 1 AS devices, rent_sek, cost_sek FROM told
         UNION ALL
        SELECT payer_id, legal_frame, device_class, prescriber_id, depot_id, was_verdict, was_step, -1, -was_rent_sek, -was_cost_sek
          FROM told
         WHERE same) every
 GROUP BY 1, 2, 3, 4, 5, 6, 7

-- name: count_in
-- Every device once, as verdict and register stand.
INSERT INTO idle_figure (payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, devices, rent_sek, cost_sek)
SELECT d.payer_id, d.legal_frame, d.device_class, l.prescriber_id, d.depot_id, v.verdict, v.step, count(*)::integer AS devices,
       coalesce(sum(v.rent_sek) FILTER (WHERE v.verdict <> 'in_stock'), 0) AS rent_sek, coalesce(sum(v.cost_sek), 0) AS cost_sek
  FROM device d
  JOIN idle_verdict v ON v.device_no = d.device_no AND v.loan_started_at IS NOT DISTINCT FROM d.loan_started_at
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE d.stock_state NOT IN ('scrapped', 'lost')
 GROUP BY 1, 2, 3, 4, 5, 6, 7

-- name: correct
-- The figures of the groups that changed, each with what is added to it and taken from it.
WITH change AS (
    SELECT * FROM unnest(%(payer_id)s::integer[], %(legal_frame)s::text[], %(device_class)s::text[], %(prescriber_id)s::integer[],
                         %(depot_id)s::integer[], %(verdict)s::text[], %(step)s::text[], %(devices)s::integer[],
                         %(rent_sek)s::numeric[], %(cost_sek)s::numeric[])
        AS told (payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, devices, rent_sek, cost_sek)),
before AS (
    DELETE FROM idle_figure f USING change c
     WHERE coalesce(f.payer_id, 0) = coalesce(c.payer_id, 0) AND coalesce(f.legal_frame, '') = coalesce(c.legal_frame, '')
       AND f.device_class = c.device_class AND coalesce(f.prescriber_id, 0) = coalesce(c.prescriber_id, 0)
       AND coalesce(f.depot_id, 0) = coalesce(c.depot_id, 0) AND f.verdict = c.verdict AND f.step = c.step
 RETURNING f.*)
INSERT INTO idle_figure (payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, devices, rent_sek, cost_sek)
SELECT payer_id, legal_frame, device_class, prescriber_id, depot_id, verdict, step, sum(devices), sum(rent_sek), sum(cost_sek)
  FROM (SELECT * FROM before UNION ALL SELECT * FROM change) every
 GROUP BY 1, 2, 3, 4, 5, 6, 7
HAVING sum(devices) <> 0

-- name: in_doubt
-- What was due when the run began it has taken away; a row now is of something that was committed since.
SELECT EXISTS (SELECT FROM idle_due) OR EXISTS (SELECT FROM idle_figure WHERE devices < 0) AS in_doubt

-- name: forget_figures
DELETE FROM idle_figure

-- name: note_run
INSERT INTO idle_run (judged_at, judged_day, devices, written, seconds)
VALUES (%(judged_at)s, %(judged_day)s, %(devices)s, %(written)s, %(seconds)s)
ON CONFLICT (judged_at) DO NOTHING

-- name: forget_runs
DELETE FROM idle_run WHERE judged_at < %(before)s
