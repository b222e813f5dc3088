-- name: models
-- Every model, how many devices there are and ever were, and of how many the beginning is known.
SELECT m.model_key, m.device_class, m.maker, m.name AS model_name,
       count(d.device_no)::integer AS devices, count(d.out_of_service_on)::integer AS ended, count(d.acquired_on)::integer AS dated
  FROM device_model m
  JOIN device d USING (model_key)
 GROUP BY m.model_key
 ORDER BY m.device_class, m.maker, m.name

-- name: lives
-- Lives in months, alike ones together: from acquisition to the end or today, counted from the month after registration.
SELECT model_key, greatest(0, floor((registered_on - acquired_on) / 30.4375))::integer AS entered,
       ceil((coalesce(out_of_service_on, %(today)s) - acquired_on) / 30.4375)::integer AS months,
       out_of_service_on IS NOT NULL AS ended, count(*)::integer AS devices
  FROM (SELECT model_key, acquired_on, out_of_service_on,
               (registered_at AT TIME ZONE 'Europe/Stockholm')::date AS registered_on FROM device) d
 WHERE acquired_on IS NOT NULL
 GROUP BY 1, 2, 3, 4

-- name: repairs_since
-- Since when repairs are written down at all; before that nobody knows.
SELECT least((SELECT min((closed_at AT TIME ZONE 'Europe/Stockholm')::date) FROM work_order WHERE state = 'done'),
             (SELECT min(done_on) FROM device_repair)) AS since

-- name: repairs
-- Repairs by model: finished work orders that found a fault, and those of another system's list.
SELECT d.model_key, count(*)::integer AS repairs, count(r.minutes)::integer AS timed, coalesce(sum(r.minutes), 0)::bigint AS minutes,
       count(r.cost)::integer AS priced, coalesce(sum(r.cost), 0) AS cost_sek
  FROM (SELECT device_no, minutes_spent AS minutes, NULL::numeric AS cost FROM work_order WHERE state = 'done' AND solved <> 'no_fault_found'
        UNION ALL SELECT device_no, minutes_spent, cost_sek FROM device_repair) r
  JOIN device d USING (device_no)
 GROUP BY 1

-- name: watched
-- Years in which a repair would have been written down.
SELECT model_key, sum(greatest(0, coalesce(out_of_service_on, %(today)s)
                                  - greatest((registered_at AT TIME ZONE 'Europe/Stockholm')::date, %(since)s))) / 365.25 AS years
  FROM device
 GROUP BY 1

-- name: counters
-- What devices of known age have counted in their lives, a year: the same few hundred of each model every time.
SELECT picked.model_key, v.key, count(*)::integer AS devices,
       percentile_cont(0.1) WITHIN GROUP (ORDER BY (v.value ->> 0)::double precision / picked.years) AS low,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (v.value ->> 0)::double precision / picked.years) AS middle,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY (v.value ->> 0)::double precision / picked.years) AS high
  FROM (SELECT d.device_no, d.model_key, (coalesce(d.out_of_service_on, %(today)s) - d.acquired_on) / 365.25 AS years,
               row_number() OVER (PARTITION BY d.model_key ORDER BY md5(d.device_id)) AS place
          FROM device d
         WHERE d.enrolled_at IS NOT NULL AND d.acquired_on < %(today)s - 30) picked
  JOIN {state} s USING (device_no)
 CROSS JOIN LATERAL jsonb_each(s.metric_values) v
 WHERE picked.place <= %(sample)s AND picked.years > 0 AND v.key = ANY (%(keys)s::text[])
   AND jsonb_typeof(v.value -> 0) = 'number' AND (v.value ->> 0)::double precision >= 0
 GROUP BY 1, 2
 ORDER BY 1, 2

-- name: prices
-- What a month with each model costs today.
SELECT DISTINCT ON (model_key) model_key, rent_sek FROM model_price WHERE valid_from <= %(today)s ORDER BY model_key, valid_from DESC

-- name: counted
-- The worker's last count, unless it is too old to be told.
SELECT sums, counted_on, counted_at FROM wear_count WHERE counted_at > %(since)s

-- name: keep
INSERT INTO wear_count (sums, counted_on, counted_at) VALUES (%(sums)s, %(on)s, %(at)s)
ON CONFLICT (one) DO UPDATE SET sums = excluded.sums, counted_on = excluded.counted_on, counted_at = excluded.counted_at

-- name: one_core
-- For this transaction: by one process, beside everything else; two workers take turns.
SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('statement_timeout', '10min', true), pg_advisory_xact_lock('wear_count'::regclass::oid::bigint)

-- name: forget_versions
DELETE FROM version_count

-- name: keep_versions
INSERT INTO version_count (model_key, firmware, payer_id, legal_frame, devices)
SELECT model_key, firmware, payer_id, legal_frame, count(*) FROM device GROUP BY 1, 2, 3, 4
