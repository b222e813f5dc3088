-- name: search
SELECT a.alarm_id, a.device_no, d.device_id, d.individual_number, d.device_class, a.rule, a.severity, a.safety, a.title_sv,
       a.title_en, a.reason_sv, a.reason_en, a.happened_at, a.raised_at, a.taken_at, a.taken_by, a.cleared_at, a.cleared_why
  FROM alarm a
  JOIN device d USING (device_no)
  LEFT JOIN payer p USING (payer_id)
 WHERE (%(alarm_id)s::bigint IS NULL OR a.alarm_id = %(alarm_id)s)
   AND (%(device_no)s::integer IS NULL OR a.device_no = %(device_no)s)
   AND (%(all)s::boolean OR a.cleared_at IS NULL)
   AND (%(taken)s::boolean IS NULL OR (a.taken_at IS NOT NULL) = %(taken)s)
   AND (%(severity)s::text IS NULL OR a.severity = %(severity)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
   AND (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(after)s::bigint IS NULL OR a.alarm_id < %(after)s)
 ORDER BY a.alarm_id DESC
 LIMIT %(limit)s

-- name: take
-- The first one to take it has it; whoever comes second changes nothing.
UPDATE alarm SET taken_at = clock_timestamp(), taken_by = %(taker)s
 WHERE alarm_id = %(alarm_id)s AND taken_at IS NULL AND cleared_at IS NULL

-- name: clocks
-- The database's clock is the one clock of the engine. `watermark`: up to when every ingest shard has stored what it received; NULL
-- where no ingest has ever run.
SELECT clock_timestamp() AS now, (SELECT min(at) FROM ingest_watermark) AS watermark

-- name: due
-- Devices that ingest marked, the longest waiting first. Not locked: ingest must never wait for a judgement.
SELECT device_no, since FROM evaluation_due ORDER BY since, device_no LIMIT %(limit)s

-- name: unmark
-- A mark that ingest has renewed since it was read, or is renewing now, stays.
DELETE FROM evaluation_due WHERE device_no IN (
    SELECT e.device_no FROM evaluation_due e JOIN unnest(%(devices)s::integer[], %(since)s::timestamptz[]) AS seen (device_no, since)
        ON e.device_no = seen.device_no AND e.since = seen.since
     ORDER BY e.device_no FOR UPDATE OF e SKIP LOCKED)

-- name: restless
-- Devices that may change without a mark: those with an open alarm, and when they were last heard; and those with a hold that runs.
SELECT device_no, max(last_seen_at) AS last_seen_at, false AS holding
  FROM alarm LEFT JOIN device_state USING (device_no) WHERE cleared_at IS NULL GROUP BY device_no
 UNION ALL
SELECT DISTINCT device_no, NULL::timestamptz, true FROM rule_hold

-- name: quiet
-- Devices on loan that have been quiet for longer than a silence rule of their class allows, and whose alarm is not open: time alone
-- makes these, so nothing marks them.
SELECT DISTINCT d.device_no
  FROM unnest(%(classes)s::text[], %(rules)s::text[], %(seconds)s::integer[]) AS silence (device_class, rule, seconds)
  JOIN device d USING (device_class)
  JOIN device_state s USING (device_no)
 WHERE d.loan_started_at IS NOT NULL
   AND s.last_seen_at < (SELECT min(at) FROM ingest_watermark) - make_interval(secs => silence.seconds)
   AND NOT EXISTS (SELECT FROM alarm a WHERE a.device_no = d.device_no AND a.rule = silence.rule AND a.cleared_at IS NULL)
 ORDER BY d.device_no

-- name: all_devices
-- For the sweep: every enrolled device that was ever heard or still has an open alarm or hold, page by page.
SELECT device_no FROM device d
 WHERE device_no > %(after)s
   AND (EXISTS (SELECT FROM device_state s WHERE s.device_no = d.device_no)
        OR EXISTS (SELECT FROM alarm a WHERE a.device_no = d.device_no AND a.cleared_at IS NULL))
 ORDER BY device_no
 LIMIT %(limit)s

-- name: lock
-- Those of the devices that no other worker is judging right now; held until the transaction ends.
SELECT device_no FROM unnest(%(devices)s::integer[]) AS wanted(device_no)
 WHERE pg_try_advisory_xact_lock(%(lock_class)s, device_no)

-- name: states
SELECT d.device_no, d.device_id, d.device_class, d.loan_started_at IS NOT NULL AS on_loan, s.last_seen_at,
       coalesce(s.metric_values, '{}') AS metric_values, coalesce(s.latest_events, '{}') AS latest_events,
       (SELECT coalesce(jsonb_object_agg(f.fault_code, f.since), '{}')
          FROM (SELECT fault_code, extract(epoch FROM min(raised_at)) * 1000 AS since FROM device_fault
                 WHERE device_no = d.device_no AND cleared_at IS NULL AND fault_code IS NOT NULL GROUP BY fault_code) f) AS faults,
       (SELECT coalesce(array_agg(rule), '{}') FROM alarm a WHERE a.device_no = d.device_no AND a.cleared_at IS NULL) AS open_rules,
       (SELECT coalesce(jsonb_object_agg(rule, extract(epoch FROM since) * 1000), '{}')
          FROM rule_hold h WHERE h.device_no = d.device_no) AS holds
  FROM device d
  LEFT JOIN device_state s USING (device_no)
 WHERE d.device_no = ANY (%(devices)s::integer[])
 ORDER BY d.device_no

-- name: raise
-- Another worker's equal alarm makes it do nothing. Its ladder begins in the same transaction (diagnostics/escalation/start.py).
INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at, raised_at)
VALUES (%(device_no)s, %(rule)s, %(severity)s, %(safety)s, %(audience)s, %(title_sv)s, %(title_en)s, %(reason_sv)s,
        %(reason_en)s, %(happened_at)s, %(now)s)
    ON CONFLICT (device_no, rule) WHERE cleared_at IS NULL DO NOTHING
RETURNING alarm_id

-- name: clear
-- Its ladder ends, and who was told that it began is told that it ended: by the trigger `alarm_settled`.
UPDATE alarm SET cleared_at = greatest(raised_at, %(now)s), cleared_why = %(why)s
 WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL
RETURNING alarm_id

-- name: hold
INSERT INTO rule_hold (device_no, rule, since) VALUES (%(device_no)s, %(rule)s, %(since)s) ON CONFLICT DO NOTHING

-- name: release
DELETE FROM rule_hold WHERE device_no = %(device_no)s AND rule = %(rule)s
