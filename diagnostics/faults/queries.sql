-- name: of_device
-- A fault whose code no profile knows is a technical matter until somebody says otherwise.
SELECT f.device_fault_id, f.system, f.code, f.subcode, f.module, f.text, f.fault_code, f.times, f.raised_at, f.last_seen_at,
       f.known_at, f.cleared_at, f.cleared_by, f.source
  FROM device_fault f
  LEFT JOIN fault_code c ON c.code = f.fault_code
 WHERE f.device_no = %(device_no)s
   AND (%(all)s::boolean OR f.cleared_at IS NULL)
   AND coalesce(c.audience, 'technical') = ANY (%(audiences)s::text[])
   AND (%(after_raised)s::timestamptz IS NULL OR (f.raised_at, f.device_fault_id) < (%(after_raised)s, %(after_id)s))
 ORDER BY f.raised_at DESC, f.device_fault_id DESC
 LIMIT %(limit)s


-- name: groups
-- How often each fault came in a period, by model, module and the firmware it came on, as the worker counted it last.
SELECT device_class, model_key, fault_code, system, code, module, firmware, sum(times)::bigint AS times, sum(devices)::bigint AS devices,
       sum(late)::bigint AS late, sum(active)::bigint AS active, min(first_raised_at) AS first_raised_at,
       max(last_raised_at) AS last_raised_at
  FROM fault_group
 WHERE period_days = %(days)s AND payer_id = ANY ((SELECT scope_summed())::integer[])
   AND (%(device_class)s::text IS NULL OR device_class = %(device_class)s)
   AND (%(model)s::text IS NULL OR model_key = %(model)s)
 GROUP BY 1, 2, 3, 4, 5, 6, 7

-- name: exposure
-- Device-days of the period by model and firmware, as the worker counted them last.
SELECT device_class, model_key, firmware, sum(devices)::bigint AS devices, sum(days) AS days, sum(late_days) AS late_days
  FROM device_days
 WHERE period_days = %(days)s AND payer_id = ANY ((SELECT scope_summed())::integer[])
   AND (%(device_class)s::text IS NULL OR device_class = %(device_class)s)
   AND (%(model)s::text IS NULL OR model_key = %(model)s)
 GROUP BY 1, 2, 3

-- name: counted_at
SELECT max(counted_at) AS counted_at FROM fault_count_progress

-- name: last_device
SELECT coalesce(max(device_no), 0) AS last FROM device

-- name: one_core
-- For this transaction: by one process, beside everything else; two workers take turns.
SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('statement_timeout', '10min', true),
       pg_advisory_xact_lock('fault_group'::regclass::oid::bigint)

-- name: models
-- Models that a fault came on, each found by the index, and those that are grouped already.
WITH RECURSIVE model AS (
    SELECT min(model_key) AS model_key FROM device_fault
    UNION ALL SELECT (SELECT min(f.model_key) FROM device_fault f WHERE f.model_key > m.model_key) FROM model m WHERE m.model_key IS NOT NULL
)
SELECT model_key FROM model WHERE model_key IS NOT NULL UNION SELECT DISTINCT model_key FROM fault_group ORDER BY 1

-- name: group_faults
-- Groups the faults that came on a model: by device first, so that a device counts once. Only what differs is written.
MERGE INTO fault_group AS g USING (
    WITH by_device AS MATERIALIZED (
        SELECT p.days AS period_days, d.device_no, d.payer_id, d.legal_frame, f.device_class, coalesce(f.firmware, '') AS firmware, f.module,
               coalesce(f.fault_code, '') AS fault_code, CASE WHEN f.fault_code IS NULL THEN f.system ELSE '' END AS system,
               CASE WHEN f.fault_code IS NULL THEN f.code ELSE '' END AS code,
               count(*) AS times, count(*) FILTER (WHERE s.late) AS late, count(*) FILTER (WHERE f.cleared_at IS NULL) AS active,
               min(f.raised_at) AS first_at, max(f.raised_at) AS last_at,
               count(*) FILTER (WHERE s.in_loan) AS its_times, count(*) FILTER (WHERE s.in_loan AND s.late) AS its_late,
               count(*) FILTER (WHERE s.in_loan AND f.cleared_at IS NULL) AS its_active,
               min(f.raised_at) FILTER (WHERE s.in_loan) AS its_first_at, max(f.raised_at) FILTER (WHERE s.in_loan) AS its_last_at
          FROM device_fault f
          JOIN device d USING (device_no)
          JOIN unnest(%(periods)s::integer[]) p(days) ON f.raised_at >= %(now)s - p.days * interval '1 day'
         CROSS JOIN LATERAL (SELECT coalesce(f.cleared_at, 'infinity') > d.loan_started_at AS in_loan,
                                    f.raised_at >= %(now)s - p.days * interval '12 hours' AS late) s
         WHERE f.model_key = %(model)s AND f.device_class IS NOT NULL AND f.raised_at >= %(start)s AND f.raised_at < %(now)s
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    )
    SELECT period_days, payer_id, legal_frame, device_class, firmware, module, fault_code, system, code, sum(its_times)::bigint AS times,
           count(*) AS devices, sum(its_late)::bigint AS late, sum(its_active)::bigint AS active, min(its_first_at) AS first_at,
           max(its_last_at) AS last_at
      FROM by_device WHERE its_times > 0
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    UNION ALL
    SELECT period_days, 0, '', device_class, firmware, module, fault_code, system, code, sum(times)::bigint, count(*), sum(late)::bigint,
           sum(active)::bigint, min(first_at), max(last_at)
      FROM by_device
     GROUP BY 1, 4, 5, 6, 7, 8, 9
) AS n
   ON g.model_key = %(model)s AND g.period_days = n.period_days AND g.payer_id = n.payer_id AND g.legal_frame = n.legal_frame
  AND g.device_class = n.device_class AND g.firmware = n.firmware AND g.module = n.module AND g.fault_code = n.fault_code
  AND g.system = n.system AND g.code = n.code
WHEN MATCHED AND (g.times, g.devices, g.late, g.active, g.first_raised_at, g.last_raised_at)
     IS DISTINCT FROM (n.times, n.devices, n.late, n.active, n.first_at, n.last_at) THEN
    UPDATE SET times = n.times, devices = n.devices, late = n.late, active = n.active, first_raised_at = n.first_at,
               last_raised_at = n.last_at
WHEN NOT MATCHED BY SOURCE AND g.model_key = %(model)s THEN DELETE
WHEN NOT MATCHED THEN
    INSERT (period_days, payer_id, legal_frame, device_class, model_key, firmware, module, fault_code, system, code, times, devices, late,
            active, first_raised_at, last_raised_at)
    VALUES (n.period_days, n.payer_id, n.legal_frame, n.device_class, %(model)s, n.firmware, n.module, n.fault_code, n.system, n.code,
            n.times, n.devices, n.late, n.active, n.first_at, n.last_at)

-- name: lived
-- What the devices of a range have lived in each period, by the software they ran then: from when a device was first heard, or its open
-- loan began, until it was last heard.
WITH heard AS (
    SELECT s.device_no, d.device_class, d.model_key, d.firmware, d.payer_id, d.legal_frame, d.loan_started_at, s.first_seen_at AS began,
           least(s.last_seen_at, %(now)s) AS ended
      FROM device_state s
      JOIN device d USING (device_no)
     WHERE s.device_no > %(after)s AND s.device_no <= %(through)s AND s.last_seen_at >= %(start)s
), change AS (
    SELECT device_no, model_key_from, firmware_from, known_at,
           lag(known_at, 1, '-infinity') OVER (PARTITION BY device_no ORDER BY known_at, change_id) AS since
      FROM software_change WHERE device_no > %(after)s AND device_no <= %(through)s
), ran AS (
    SELECT device_no, device_class, c.model_key_from AS model_key, c.firmware_from AS firmware, payer_id, legal_frame, loan_started_at,
           greatest(began, c.since) AS began, least(ended, c.known_at) AS ended
      FROM heard JOIN change c USING (device_no)
    UNION ALL
    SELECT device_no, device_class, model_key, firmware, payer_id, legal_frame, loan_started_at,
           greatest(began, c.latest), ended
      FROM heard LEFT JOIN (SELECT device_no, max(known_at) AS latest FROM change GROUP BY 1) c USING (device_no)
), lived AS (
    SELECT device_no, device_class, model_key, firmware, 0 AS payer_id, '' AS legal_frame, began, ended FROM ran WHERE began < ended
    UNION ALL
    SELECT device_no, device_class, model_key, firmware, payer_id, legal_frame, greatest(began, loan_started_at), ended
      FROM ran WHERE payer_id IS NOT NULL AND greatest(began, loan_started_at) < ended
)
SELECT p.days AS period_days, payer_id, legal_frame, device_class, model_key, firmware, count(DISTINCT device_no) AS devices,
       sum(date_part('epoch', ended - greatest(began, %(now)s - p.days * interval '1 day'))) / 86400 AS days,
       sum(greatest(0, date_part('epoch', ended - greatest(began, %(now)s - p.days * interval '12 hours')))) / 86400 AS late_days
  FROM lived
  JOIN unnest(%(periods)s::integer[]) p(days) ON ended > %(now)s - p.days * interval '1 day'
 GROUP BY 1, 2, 3, 4, 5, 6

-- name: forget_days
DELETE FROM device_days

-- name: keep_days
INSERT INTO device_days (period_days, payer_id, legal_frame, device_class, model_key, firmware, devices, days, late_days)
SELECT * FROM unnest(%(period_days)s::integer[], %(payer_id)s::integer[], %(legal_frame)s::text[], %(device_class)s::text[],
                     %(model_key)s::text[], %(firmware)s::text[], %(devices)s::bigint[], %(days)s::float8[], %(late_days)s::float8[])

-- name: counted_all
INSERT INTO fault_count_progress (counted_at) VALUES (%(now)s) ON CONFLICT (one) DO UPDATE SET counted_at = excluded.counted_at

-- name: unknown
-- Codes that no profile knew when they came, the most devices first. Class and model stand in the fault: no device is read for them.
SELECT f.device_class, f.system, f.code, count(*) AS times, count(DISTINCT f.device_no) AS devices,
       count(*) FILTER (WHERE f.cleared_at IS NULL) AS active, min(f.raised_at) AS first_raised_at, max(f.last_seen_at) AS last_seen_at,
       (array_agg(DISTINCT f.model_key))[1:10] AS models, max(f.text) AS text
  FROM device_fault f
 WHERE f.fault_code IS NULL
   AND (%(device_class)s::text IS NULL OR f.device_class = %(device_class)s)
 GROUP BY 1, 2, 3
 ORDER BY devices DESC, times DESC, 1, 2, 3
 LIMIT %(limit)s

-- name: hidden_days
-- One row for each device and Swedish day: of the open loan, and since the device was last checked and found right.
SELECT r.device_no, (r.ts AT TIME ZONE 'Europe/Stockholm')::date AS day, min(r.{column})::float8 AS low, avg(r.{column})::float8 AS mean,
       max(r.{column})::float8 AS high, last(r.{column}, r.ts)::float8 AS latest
  FROM {table} r
  JOIN device d USING (device_no)
  LEFT JOIN (SELECT device_no, max(done_on) AS done_on FROM device_service
              WHERE kind = 'calibration' AND passed AND device_no > %(after)s AND device_no <= %(through)s GROUP BY 1) c USING (device_no)
 WHERE r.device_no > %(after)s AND r.device_no <= %(through)s AND r.ts >= %(start)s AND r.ts <= %(now)s
   AND r.ts >= coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')
   AND (c.done_on IS NULL OR (r.ts AT TIME ZONE 'Europe/Stockholm')::date > c.done_on)
   AND r.{column} IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1, 2

-- name: end_derived
-- Seen no longer, or the device was checked since and found right; judged again for alarms.
WITH ended AS (
    UPDATE device_fault f SET cleared_at = %(now)s, cleared_by = 'judged'
     WHERE f.source = 'derived' AND f.system = %(system)s AND f.code = %(code)s AND f.cleared_at IS NULL
       AND f.device_no > %(after)s AND f.device_no <= %(through)s
       AND (f.device_no = ANY (%(gone)s::integer[])
            OR EXISTS (SELECT FROM device_service c WHERE c.device_no = f.device_no AND c.kind = 'calibration' AND c.passed
                                                      AND c.done_on >= (f.raised_at AT TIME ZONE 'Europe/Stockholm')::date))
    RETURNING f.device_no
), due AS (
    INSERT INTO evaluation_due (device_no, since) SELECT DISTINCT device_no, %(now)s FROM ended ON CONFLICT DO NOTHING
)
SELECT count(*) AS changed FROM ended

-- name: raise_derived
-- Without a text: nothing of the readings is told.
WITH raised AS (
    INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at, source)
    SELECT n, %(system)s, %(code)s, %(code)s, %(now)s, %(now)s, %(now)s, 'derived' FROM unnest(%(there)s::integer[]) n
    ON CONFLICT DO NOTHING
    RETURNING device_no
), due AS (
    INSERT INTO evaluation_due (device_no, since) SELECT device_no, %(now)s FROM raised ON CONFLICT DO NOTHING
)
SELECT count(*) AS changed FROM raised
