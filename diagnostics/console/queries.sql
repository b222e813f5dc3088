-- name: mark
-- Whatever changes on the board changes one of these.
SELECT count(*) AS open, sum(hashtext(concat_ws('|', alarm_id, taken_at, taken_by, handed_to, plan, times, quieted_by, parent_id, reason_sv,
                                                e.calls, e.due_at))) AS which
  FROM alarm LEFT JOIN escalation e USING (alarm_id) WHERE cleared_at IS NULL

-- name: used_days
-- Per local day what was measured, for the strip of a year; whether a day counts as used is its class's word.
SELECT u.local_day, bool_or(c.at_least IS NOT NULL AND u.amount >= c.at_least) AS used
  FROM usage_day u
  JOIN device d USING (device_no)
  LEFT JOIN usage_clause c ON c.device_class = d.device_class AND c.measure = u.measure
 WHERE u.device_no = %(device_no)s AND u.local_day > %(after)s
 GROUP BY u.local_day

-- name: ready_choices
-- Depots and models, by which readiness can be asked; nobody's data.
SELECT 'depot' AS kind, code, name FROM depot
 UNION ALL
SELECT 'model', model_key, concat_ws(' ', maker, name) FROM device_model
 ORDER BY 1, 3

-- name: beside
-- What the board shows beside the open alarms themselves: the ladder, whom it called last, and what tells how long their users are safe.
SELECT a.alarm_id, e.ladder, e.position, jsonb_array_length(coalesce(e.document -> 'steps', '[]')) AS steps, e.due_at, c.recipients AS called,
       (a.detail -> 'devices' -> 0 ->> 'hours')::float8 AS area_hours, v.metric_values,
       s.version AS dose_version, s.times AS dose_times, s.weekdays AS dose_days, s.valid_from AS dose_from
  FROM alarm a
  LEFT JOIN escalation e ON e.alarm_id = a.alarm_id AND e.ended_at IS NULL
  LEFT JOIN LATERAL (SELECT recipients FROM escalation_call x WHERE x.alarm_id = a.alarm_id ORDER BY call_no DESC LIMIT 1) c ON true
  -- One at a time and by its key: joined as a whole, the view's sums are made for every device there is.
  LEFT JOIN LATERAL (SELECT metric_values FROM device_state_seen x WHERE x.device_no = a.device_no LIMIT 1) v ON true
  LEFT JOIN LATERAL (SELECT * FROM dose_schedule d WHERE d.device_no = a.device_no AND d.valid_from <= now()
                      ORDER BY valid_from DESC, version DESC LIMIT 1) s ON true
 WHERE a.alarm_id = ANY (%(alarms)s::bigint[])

-- name: models
-- Models of the catalogue; nobody's data.
SELECT model_key, maker, name FROM device_model ORDER BY maker, name

-- name: versions
-- How many devices of a model run which software, as far as the caller sees them; an empty version is not known.
SELECT firmware, count(*)::integer AS devices FROM device WHERE model_key = %(model_key)s GROUP BY firmware ORDER BY devices DESC, firmware

-- name: versions_counted
-- The same as the worker counted it last, and when that was.
SELECT v.firmware, sum(v.devices)::integer AS devices, max(w.counted_at) AS counted_at
  FROM version_count v CROSS JOIN wear_count w
 WHERE v.model_key = %(model_key)s AND w.counted_at > %(since)s
 GROUP BY v.firmware ORDER BY devices DESC, v.firmware

-- name: travelled
-- How far what happened to a device since a moment has come: a fault stored, an alarm raised (its own, and the area's that gathers it).
SELECT (SELECT min(f.known_at) FROM device_fault f WHERE f.device_no = d.device_no AND f.known_at >= %(since)s) AS stored, a.alarm, a.alarm_ids
  FROM device d
 CROSS JOIN LATERAL (
    SELECT min(a.raised_at) AS alarm, coalesce(array_agg(a.alarm_id), '{}') AS alarm_ids
      FROM alarm a
     WHERE a.raised_at >= %(since)s
       AND (a.device_no = d.device_no
            OR a.area = (SELECT p.code || '/' || l.legal_frame || '/' || l.area FROM loan l JOIN payer p USING (payer_id)
                          WHERE l.device_no = d.device_no AND l.ended_at IS NULL AND l.area <> ''))
 ) a
 WHERE d.device_id = %(device_id)s

-- name: put_aside
-- How far a past that was told since a moment has come: days before it stored, judged unused, its return proposed.
SELECT EXISTS (SELECT FROM usage_day u WHERE u.device_no = d.device_no AND u.local_day < %(since)s::date - 1) AS stored,
       v.judged_at AS judged, CASE WHEN v.step = 'propose' THEN v.judged_at END AS proposed
  FROM device d
  LEFT JOIN idle_verdict v ON v.device_no = d.device_no AND v.loan_started_at IS NOT DISTINCT FROM d.loan_started_at
                          AND v.verdict = 'unused' AND v.judged_at >= %(since)s
 WHERE d.device_id = %(device_id)s

-- name: numbers
-- The numbers that people know devices by, of those the caller sees.
SELECT device_id, individual_number FROM device WHERE device_id = ANY (%(devices)s)

-- name: changed_alarms
SELECT a.alarm_id, a.title_sv, a.title_en, a.cleared_why, a.cleared_at, a.device_no, d.device_id, d.individual_number,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM alarm a JOIN device d USING (device_no)
 WHERE a.cleared_at >= %(since)s
 ORDER BY a.cleared_at DESC LIMIT %(named)s

-- name: changed_commands
-- What the caller asked for and has been answered.
SELECT c.command_id, c.name, c.state, c.answered_at, c.device_no, d.device_id, d.individual_number, d.device_class,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM command c JOIN device d USING (device_no)
 WHERE c.requested_by = %(by)s AND c.answered_at >= %(since)s
 ORDER BY c.answered_at DESC LIMIT %(named)s

-- name: changed_cases
SELECT state AS word, count(*) AS number
  FROM (SELECT state FROM recall_case WHERE changed_at >= %(since)s ORDER BY changed_at DESC LIMIT %(most)s) c
 GROUP BY 1 ORDER BY 2 DESC

-- name: changed_verdicts
-- Verdicts that turned in the latest runs.
SELECT verdict AS word, step, count(*) AS number
  FROM (SELECT verdict, step FROM idle_verdict_change WHERE changed_at >= %(since)s ORDER BY changed_at DESC LIMIT %(most)s) v
 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT %(named)s

-- name: changed_faults
-- Of the newest faults.
SELECT coalesce(f.fault_code, f.system || ' ' || f.code) AS word, f.known, count(DISTINCT f.device_no) AS number
  FROM (SELECT fault_code, system, code, device_no, fault_code IS NOT NULL AS known FROM device_fault
         WHERE raised_at >= %(since)s ORDER BY raised_at DESC LIMIT %(most)s) f
 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT %(named)s

-- name: changed_settings
SELECT DISTINCT ON (device_class, name) device_class, name, set_by, set_at, reason FROM class_setting WHERE set_at >= %(since)s
 ORDER BY device_class, name, set_at DESC LIMIT %(named)s
