-- name: search
-- First which devices, in the order of an index and by conditions that row security lets an index serve; then everything about those few.
WITH chosen AS MATERIALIZED (
    SELECT d.device_no FROM device d WHERE {conditions} ORDER BY d.individual_number LIMIT %(limit)s
)
SELECT j.*, p.code AS payer_code, p.name AS payer_name,
       (SELECT count(*) FROM alarm a WHERE a.device_no = j.device_no AND a.cleared_at IS NULL) AS open_alarms,
       (SELECT max(c.answered_at) FROM command c
         WHERE c.device_no = j.device_no AND c.created_at > clock_timestamp() - interval '1 day') AS answered_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = j.device_no AND h.lifted_at IS NULL) AS held
  FROM ({judged}) j
  LEFT JOIN payer p USING (payer_id)
 WHERE j.device_no = ANY (ARRAY(SELECT device_no FROM chosen))
 ORDER BY j.individual_number

-- name: any_chosen
SELECT EXISTS (SELECT FROM device d WHERE {conditions}) AS found

-- name: with_text
-- Devices in scope with a text in one of their numbers, at most so many.
SELECT device_no FROM devices_with_text(%(like)s, %(most)s) AS found (device_no)

-- name: models_named
-- Models whose maker or name has a text in it; nobody's data.
SELECT array_agg(model_key) AS models FROM device_model WHERE concat_ws(' ', maker, name) ILIKE %(like)s

-- name: units_named
-- Prescribing units in scope with this code, or with a text in their name.
SELECT array_agg(prescriber_id) AS units
  FROM (SELECT prescriber_id FROM prescriber WHERE code = %(code)s OR unit_name ILIKE %(like)s LIMIT 200) found

-- name: one
SELECT j.*, p.code AS payer_code, p.name AS payer_name, o.name AS depot_name, r.unit_name AS prescriber_unit,
       v.metric_values, v.latest_events, v.attributes, v.last_event_at,
       (SELECT count(*) FROM alarm a WHERE a.device_no = j.device_no AND a.cleared_at IS NULL) AS open_alarms,
       (SELECT max(c.answered_at) FROM command c
         WHERE c.device_no = j.device_no AND c.created_at > clock_timestamp() - interval '1 day') AS answered_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = j.device_no AND h.lifted_at IS NULL) AS held
  FROM ({judged}) j
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN depot o USING (depot_id)
  LEFT JOIN device_state_seen v USING (device_no)
  LEFT JOIN loan n ON n.device_no = j.device_no AND n.ended_at IS NULL
  LEFT JOIN prescriber r ON r.prescriber_id = n.prescriber_id
 WHERE j.device_id = %(device_id)s

-- name: identity
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, d.firmware, d.enrolled_at, d.loan_started_at,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d
 WHERE d.device_id = %(device_id)s

-- name: known_at
-- When the platform got to know a value that happened at `ts`.
SELECT ts, max(received_at) AS received_at
  FROM {view}
 WHERE device_no = %(device_no)s AND ts = ANY (%(moments)s::timestamptz[])
 GROUP BY ts

-- name: readings
SELECT ts, received_at, {column} AS value
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s AND {column} IS NOT NULL
 ORDER BY ts, boot, seq
 LIMIT %(limit)s

-- name: more_than
-- Whether a metric has more readings than can be shown one by one; counted in no order, so that it ends as soon as it can.
SELECT count(*) > %(points)s AS many
  FROM (SELECT FROM {view} WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s AND {column} IS NOT NULL
         LIMIT %(points)s + 1) counted

-- name: long_buckets
-- As `buckets`, of hours [head, tail) as they are rolled up, and of the readings before and after.
SELECT time_bucket(make_interval(secs => %(seconds)s), ts) AS ts, min(low) AS low, (sum(total) / sum(readings))::{digits} AS mean,
       max(high) AS high, sum(readings)::bigint AS readings
  FROM (SELECT ts, {value} AS low, {value}::float8 AS total, {value} AS high, 1 AS readings FROM {view}
         WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(head)s AND {column} IS NOT NULL
         UNION ALL
        SELECT ts, {value}, {value}::float8, {value}, 1 FROM {view}
         WHERE device_no = %(device_no)s AND ts >= %(tail)s AND ts < %(end)s AND {column} IS NOT NULL
         UNION ALL
        SELECT bucket, {low}, {total}, {high}, {count} FROM {hourly}
         WHERE device_no = %(device_no)s AND bucket >= %(head)s AND bucket < %(tail)s AND {count} > 0) told
 GROUP BY 1
 ORDER BY 1

-- name: buckets
-- A bucket without readings is not there: a gap stays a gap. A mean of float4 readings has no more digits than they have.
SELECT time_bucket(make_interval(secs => %(seconds)s), ts) AS ts, min({column}) AS low, avg({column})::real AS mean, max({column}) AS high,
       count(*) AS readings
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s AND {column} IS NOT NULL
 GROUP BY 1
 ORDER BY 1

-- name: whole_buckets
-- The same for counts, and for flags as 0 and 1.
SELECT time_bucket(make_interval(secs => %(seconds)s), ts) AS ts, min({column}::integer)::float8 AS low,
       avg({column}::integer)::float8 AS mean, max({column}::integer)::float8 AS high, count(*) AS readings
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s AND {column} IS NOT NULL
 GROUP BY 1
 ORDER BY 1

-- name: events
SELECT ts, received_at, boot, seq, event, audience, data, clock_corrected
  FROM device_event_seen
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s
   AND (%(event)s::text IS NULL OR event = %(event)s)
   AND (%(after_ts)s::timestamptz IS NULL OR (ts, boot, seq) < (%(after_ts)s, %(after_boot)s, %(after_seq)s))
 ORDER BY ts DESC, boot DESC, seq DESC
 LIMIT %(limit)s
