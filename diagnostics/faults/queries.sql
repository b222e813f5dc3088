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
-- How often each fault came in a period, by model, module and the firmware it came on. Row security limits the rows to the caller's.
-- Counted by device first and then over the devices, both in memory: with 417,000 devices a sort or a join of all of them costs seconds.
WITH by_device AS (
    SELECT f.device_no, f.device_class, f.model_key, f.fault_code,
           CASE WHEN f.fault_code IS NULL THEN f.system END AS system, CASE WHEN f.fault_code IS NULL THEN f.code END AS code,
           f.module, coalesce(f.firmware, '') AS firmware, count(*) AS times, count(*) FILTER (WHERE f.raised_at >= %(middle)s) AS late,
           count(*) FILTER (WHERE f.cleared_at IS NULL) AS active, min(f.raised_at) AS first_raised_at, max(f.raised_at) AS last_raised_at
      FROM device_fault f
     WHERE f.raised_at >= %(start)s AND f.raised_at < %(end)s AND f.device_class IS NOT NULL
       AND (%(device_class)s::text IS NULL OR f.device_class = %(device_class)s)
       AND (%(model)s::text IS NULL OR f.model_key = %(model)s)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT device_class, model_key, fault_code, system, code, module, firmware, sum(times)::bigint AS times, count(*) AS devices,
       sum(late)::bigint AS late, sum(active)::bigint AS active, min(first_raised_at) AS first_raised_at, max(last_raised_at) AS last_raised_at
  FROM by_device
 GROUP BY 1, 2, 3, 4, 5, 6, 7

-- name: exposure
-- Device-days by model and firmware, from the days counted by the worker. Of the first day only the part from the period's start on.
SELECT device_class, model_key, firmware, sum(latest) AS devices,
       sum(days * CASE WHEN day = (%(start)s AT TIME ZONE 'UTC')::date THEN 1 - day_part(%(start)s) ELSE 1 END) AS days,
       coalesce(sum(days * CASE WHEN day = (%(middle)s AT TIME ZONE 'UTC')::date THEN 1 - day_part(%(middle)s) ELSE 1 END)
                FILTER (WHERE day >= (%(middle)s AT TIME ZONE 'UTC')::date), 0) AS late_days
  FROM exposure_day
 WHERE day >= (%(start)s AT TIME ZONE 'UTC')::date AND day <= (%(end)s AT TIME ZONE 'UTC')::date
   AND (%(device_class)s::text IS NULL OR device_class = %(device_class)s)
   AND (%(model)s::text IS NULL OR model_key = %(model)s)
 GROUP BY 1, 2, 3

-- name: more_memory
-- For this transaction: the groups of a region are counted by hash in memory; sorting their texts takes many times as long.
SELECT set_config('work_mem', '64MB', true), set_config('enable_sort', 'off', true)

-- name: counted_at
SELECT max(counted_at) AS counted_at FROM exposure_progress

-- name: last_device
SELECT coalesce(max(device_no), 0) AS last FROM device

-- name: one_counter
SELECT pg_advisory_xact_lock('exposure_day'::regclass::oid::bigint)

-- name: count_exposure
-- Adds what devices of a range have lived since they were last counted: cut where their software or loan changed, then by day.
WITH due AS MATERIALIZED (
    SELECT s.device_no, d.device_class, d.model_key, d.firmware,
           greatest(coalesce(e.counted_to, s.first_seen_at), %(now)s - interval '400 days') AS began, s.last_seen_at AS ended
      FROM device_state s
      JOIN device d USING (device_no)
      LEFT JOIN (SELECT device_no, max(counted_to) AS counted_to FROM device_exposure
                  WHERE device_no > %(after)s AND device_no <= %(through)s GROUP BY 1) e USING (device_no)
     WHERE s.device_no > %(after)s AND s.device_no <= %(through)s AND s.last_seen_at > coalesce(e.counted_to, s.first_seen_at)
), cut AS (
    SELECT device_no, began AS at FROM due
    UNION SELECT device_no, ended FROM due
    UNION SELECT device_no, c.known_at FROM due JOIN software_change c USING (device_no) WHERE c.known_at > began AND c.known_at < ended
    UNION SELECT device_no, l.started_at FROM due JOIN loan l USING (device_no) WHERE l.started_at > began AND l.started_at < ended
    UNION SELECT device_no, l.ended_at FROM due JOIN loan l USING (device_no) WHERE l.ended_at > began AND l.ended_at < ended
), piece AS (
    SELECT device_no, at AS began, lead(at) OVER (PARTITION BY device_no ORDER BY at) AS ended FROM cut
), lived AS MATERIALIZED (
    SELECT p.device_no, d.device_class, coalesce(c.model_key_from, d.model_key) AS model_key, coalesce(c.firmware_from, d.firmware) AS firmware,
           l.payer_id, l.legal_frame, p.began AT TIME ZONE 'UTC' AS began, p.ended AT TIME ZONE 'UTC' AS ended
      FROM piece p
      JOIN due d USING (device_no)
      LEFT JOIN LATERAL (SELECT firmware_from, model_key_from FROM software_change c
                          WHERE c.device_no = p.device_no AND c.known_at >= p.ended ORDER BY c.known_at LIMIT 1) c ON true
      LEFT JOIN LATERAL (SELECT payer_id, legal_frame FROM loan l
                          WHERE l.device_no = p.device_no AND l.started_at <= p.began AND coalesce(l.ended_at, 'infinity') >= p.ended
                          ORDER BY l.started_at DESC LIMIT 1) l ON true
     WHERE p.ended > p.began
), counted AS (
    SELECT DISTINCT ON (device_no, device_class, model_key, firmware)
           device_no, device_class, model_key, firmware, payer_id, legal_frame, ended::date AS latest, ended AT TIME ZONE 'UTC' AS counted_to
      FROM lived ORDER BY device_no, device_class, model_key, firmware, ended DESC
), moved AS (
    -- Where such a device was counted as the latest before.
    SELECT e.latest AS day, e.device_class, e.model_key, e.firmware, e.payer_id, e.legal_frame
      FROM counted JOIN device_exposure e USING (device_no, device_class, model_key, firmware)
), kept AS (
    INSERT INTO device_exposure (device_no, device_class, model_key, firmware, payer_id, legal_frame, latest, counted_to)
    SELECT device_no, device_class, model_key, firmware, payer_id, legal_frame, latest, counted_to FROM counted
    ON CONFLICT (device_no, device_class, model_key, firmware)
    DO UPDATE SET payer_id = excluded.payer_id, legal_frame = excluded.legal_frame, latest = excluded.latest, counted_to = excluded.counted_to
    RETURNING device_no
), added AS (
    SELECT day::date AS day, device_class, model_key, firmware, payer_id, legal_frame,
           date_part('epoch', least(ended, day + interval '1 day') - greatest(began, day)) / 86400 AS days, 0 AS latest
      FROM lived, generate_series(date_trunc('day', began), ended, interval '1 day') AS day
    UNION ALL SELECT latest, device_class, model_key, firmware, payer_id, legal_frame, 0, 1 FROM counted
    UNION ALL SELECT day, device_class, model_key, firmware, payer_id, legal_frame, 0, -1 FROM moved
), summed AS (
    INSERT INTO exposure_day AS x (day, device_class, model_key, firmware, payer_id, legal_frame, days, latest)
    SELECT day, device_class, model_key, firmware, payer_id, legal_frame, sum(days), sum(latest) FROM added GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (day, device_class, model_key, firmware, payer_id, legal_frame)
    DO UPDATE SET days = x.days + excluded.days, latest = x.latest + excluded.latest
)
SELECT count(DISTINCT device_no) AS devices FROM kept

-- name: counted_all
INSERT INTO exposure_progress (counted_at) VALUES (%(now)s) ON CONFLICT (one) DO UPDATE SET counted_at = excluded.counted_at

-- name: forget_exposure
DELETE FROM exposure_day WHERE day < %(now)s::date - 401

-- name: unknown
-- Codes that no profile knew when they came, the most devices first.
SELECT d.device_class, f.system, f.code, count(*) AS times, count(DISTINCT f.device_no) AS devices,
       count(*) FILTER (WHERE f.cleared_at IS NULL) AS active, min(f.raised_at) AS first_raised_at, max(f.last_seen_at) AS last_seen_at,
       (array_agg(DISTINCT d.model_key))[1:10] AS models, max(f.text) AS text
  FROM device_fault f
  JOIN device d USING (device_no)
 WHERE f.fault_code IS NULL
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
 GROUP BY 1, 2, 3
 ORDER BY devices DESC, times DESC, 1, 2, 3
 LIMIT %(limit)s
