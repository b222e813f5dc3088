-- Longer than a file should be: what the engine does to an alarm is read as one story, from its search to its area.

-- name: search
-- A device is looked up by its key for each alarm: joined as a whole, every device that the caller sees would be read first.
SELECT a.alarm_id, a.device_no, d.device_id, d.individual_number, d.device_class, a.rule, a.severity, a.safety, a.title_sv,
       a.title_en, a.reason_sv, a.reason_en, a.happened_at, a.raised_at, a.taken_at, a.taken_by, a.plan, a.handed_to, a.cleared_at,
       a.cleared_why, a.closed_by, a.verdict, a.verdict_by, a.late, a.corrected_at, a.times, a.quieted_by, a.parent_id, a.area, a.detail,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = a.device_no AND h.lifted_at IS NULL) AS held,
       CASE WHEN a.cleared_at IS NULL THEN CASE WHEN a.taken_at IS NULL THEN 'open' ELSE 'taken' END
            WHEN a.verdict = 'false' THEN 'false' ELSE 'resolved' END AS state
  FROM {alarms} a
 CROSS JOIN LATERAL (SELECT x.device_id, x.individual_number, x.device_class, x.payer_id FROM device x WHERE x.device_no = a.device_no OFFSET 0) d
 WHERE (%(alarm_id)s::bigint IS NULL OR a.alarm_id = %(alarm_id)s)
   AND (%(device_no)s::integer IS NULL OR a.device_no = %(device_no)s)
   AND (%(all)s::boolean OR a.cleared_at IS NULL)
   AND (%(taken)s::boolean IS NULL OR (a.taken_at IS NOT NULL) = %(taken)s)
   AND (%(severity)s::text IS NULL OR a.severity = %(severity)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR d.payer_id = (SELECT p.payer_id FROM payer p WHERE p.code = %(payer)s))
   AND (%(device_id)s::text IS NULL OR a.device_no = (SELECT x.device_no FROM device x WHERE x.device_id = %(device_id)s))
   AND (%(after)s::bigint IS NULL OR a.alarm_id < %(after)s)
 ORDER BY {order}
 LIMIT %(limit)s

-- name: count_open
-- Every open alarm in scope, however many a page shows.
SELECT count(*) AS alarms FROM alarm WHERE cleared_at IS NULL

-- name: take
-- The first one to take it has it; whoever comes second changes nothing, unless it was offered to them by name.
UPDATE alarm SET taken_at = clock_timestamp(), taken_by = %(taker)s, plan = %(plan)s, handed_to = NULL
 WHERE alarm_id = %(alarm_id)s AND cleared_at IS NULL AND (taken_at IS NULL OR handed_to = %(taker)s AND taken_by <> %(taker)s)

-- name: offer
UPDATE alarm SET handed_to = %(to)s WHERE alarm_id = %(alarm_id)s AND cleared_at IS NULL AND taken_by = %(taker)s

-- name: give_back
-- The engine, which is woken by it, finds an alarm that nothing explains and lets it ring.
UPDATE alarm SET taken_at = NULL, taken_by = NULL, plan = '', handed_to = NULL, quieted_by = 'given_back'
 WHERE alarm_id = %(alarm_id)s AND cleared_at IS NULL AND taken_by = %(taker)s

-- name: close
-- A person ends it. Whether its condition still holds is for the engine to find out; until it has ended the alarm rests.
UPDATE alarm SET cleared_at = greatest(raised_at, clock_timestamp()), cleared_why = %(why)s, closed_by = %(by)s, rests = true,
                 verdict = %(verdict)s, verdict_by = %(by)s, verdict_at = clock_timestamp()
 WHERE alarm_id = %(alarm_id)s AND cleared_at IS NULL

-- name: judge_it
UPDATE alarm SET verdict = %(verdict)s, verdict_by = %(by)s, verdict_at = clock_timestamp()
 WHERE alarm_id = %(alarm_id)s AND cleared_at IS NOT NULL

-- name: write
INSERT INTO alarm_journal (alarm_id, kind, actor, care_unit, note, late, detail)
VALUES (%(alarm_id)s, %(kind)s, %(actor)s, %(care_unit)s, %(note)s, %(late)s, %(detail)s)

-- name: journal
SELECT at, kind, actor, care_unit, note, late FROM alarm_journal WHERE alarm_id = %(alarm_id)s ORDER BY entry_id

-- name: children
SELECT a.alarm_id, d.device_id,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM alarm a JOIN device d USING (device_no)
 WHERE a.parent_id = %(alarm_id)s AND a.cleared_at IS NULL ORDER BY a.alarm_id

-- name: held_among
-- Of some devices those under an incident hold, as far as the caller sees them.
SELECT d.device_id FROM device d JOIN incident_hold h USING (device_no) WHERE d.device_id = ANY (%(devices)s) AND h.lifted_at IS NULL

-- name: precision
-- Per class and rule over a period: how many were raised, and what people said of them. Unjudged is neither true nor false.
SELECT d.device_class, a.rule, count(*) AS raised, count(*) FILTER (WHERE a.verdict = 'true') AS judged_true,
       count(*) FILTER (WHERE a.verdict = 'false') AS judged_false, count(*) FILTER (WHERE a.verdict = 'expected') AS judged_expected,
       count(*) FILTER (WHERE a.late) AS late, count(*) FILTER (WHERE a.taken_at IS NOT NULL) AS taken
  FROM alarm a JOIN device d USING (device_no)
 WHERE a.raised_at >= %(start)s AND a.raised_at < %(end)s AND a.quieted_by IS NULL
 GROUP BY d.device_class, a.rule ORDER BY d.device_class, a.rule

-- name: clocks
-- The database's clock is the one clock of the engine. `watermark`: up to when every ingest shard has stored what it received; NULL
-- where no ingest has ever run. `settings`: what is set for whole classes now.
SELECT clock_timestamp() AS now, (SELECT min(at) FROM ingest_watermark) AS watermark,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(c.device_class, c.kind, c.name, c.setting, c.value)
                                  ORDER BY c.device_class, c.kind, c.name, c.setting), '[]')
          FROM class_settings_at(clock_timestamp()) c) AS settings

-- name: due
-- Devices that ingest marked, the longest waiting first; an event is let past what readings marked within half a minute, and no further, so
-- that nothing waits for ever. Not locked: ingest must never wait for a judgement.
SELECT device_no, since FROM evaluation_due
 ORDER BY since - CASE WHEN urgent THEN interval '30 seconds' ELSE interval '0' END, device_no LIMIT %(limit)s

-- name: unmark
-- A mark that ingest has renewed since it was read, or is renewing now, stays.
DELETE FROM evaluation_due WHERE device_no IN (
    SELECT e.device_no FROM evaluation_due e JOIN unnest(%(devices)s::integer[], %(since)s::timestamptz[]) AS seen (device_no, since)
        ON e.device_no = seen.device_no AND e.since = seen.since
     ORDER BY e.device_no FOR UPDATE OF e SKIP LOCKED)

-- name: restless
-- Devices that may change without a mark: those with an open alarm, and when they were last heard; and those with a hold that runs.
SELECT device_no, max(last_seen_at) AS last_seen_at, false AS holding
  FROM alarm LEFT JOIN device_state USING (device_no) WHERE cleared_at IS NULL AND area IS NULL GROUP BY device_no
 UNION ALL
SELECT DISTINCT device_no, NULL::timestamptz, true FROM rule_hold

-- name: timed
-- Devices to be looked at now, whatever is heard of them.
SELECT device_no FROM alarm_timer WHERE due_at <= clock_timestamp() ORDER BY due_at, device_no LIMIT %(limit)s

-- name: last_device
SELECT coalesce(max(device_no), 0) AS last FROM device

-- name: quiet
-- Devices of a range on loan that have been quiet for longer than a silence rule of their class allows, and whose alarm is not open: time
-- alone makes these, so nothing marks them. Each device's present is looked up by its key: of the classes asked about there are often few,
-- and reading everybody's present for them takes a second in a region.
SELECT DISTINCT d.device_no
  FROM unnest(%(classes)s::text[], %(rules)s::text[], %(seconds)s::integer[]) AS silence (device_class, rule, seconds)
  JOIN device d USING (device_class)
 CROSS JOIN LATERAL (SELECT FROM device_state s
                      WHERE s.device_no = d.device_no
                        AND s.last_seen_at < (SELECT min(at) FROM ingest_watermark) - make_interval(secs => silence.seconds)
                     OFFSET 0) AS heard_before
 WHERE d.device_no > %(after)s AND d.device_no <= %(through)s AND d.loan_started_at IS NOT NULL
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

-- name: swept
SELECT digest FROM alarm_sweep

-- name: note_swept
INSERT INTO alarm_sweep (digest, ended_at) VALUES (%(digest)s, clock_timestamp())
ON CONFLICT (one) DO UPDATE SET digest = excluded.digest, ended_at = excluded.ended_at

-- name: lock
-- Those of the devices that no other worker is judging right now; held until the transaction ends.
SELECT device_no FROM unnest(%(devices)s::integer[]) AS wanted(device_no)
 WHERE pg_try_advisory_xact_lock(%(lock_class)s, device_no)

-- name: states
-- What the engine looks at. `alarms`: rule to [open, told through another, opened ms, lingering ms, latest happened ms, raised within the
-- hour, resting happened ms, resting closed ms]. `lost`: open alarms of the device's area.
SELECT d.device_no, d.device_id, d.device_class, d.loan_started_at, d.loan_started_at IS NOT NULL AS on_loan, s.last_seen_at, s.first_seen_at,
       s.online_at, EXISTS (SELECT FROM alarm_timer t WHERE t.device_no = d.device_no) AS timed,
       coalesce(present_values(s.metric_values, s.told), '{}') AS metric_values, coalesce(s.latest_events, '{}') AS latest_events,
       (SELECT coalesce(jsonb_object_agg(f.fault_code, f.since), '{}')
          FROM (SELECT fault_code, extract(epoch FROM min(raised_at)) * 1000 AS since FROM device_fault
                 WHERE device_no = d.device_no AND cleared_at IS NULL AND fault_code IS NOT NULL GROUP BY fault_code) f) AS faults,
       (SELECT coalesce(jsonb_object_agg(a.rule, jsonb_build_array(a.is_open, a.quiet, a.opened, a.lingering, a.happened, a.lately,
                                                                   a.rest_of, a.rest_since)), '{}')
          FROM (SELECT rule, bool_or(cleared_at IS NULL) AS is_open, bool_or(cleared_at IS NULL AND quieted_by IS NOT NULL) AS quiet,
                       extract(epoch FROM min(happened_at) FILTER (WHERE cleared_at IS NULL)) * 1000 AS opened,
                       extract(epoch FROM max(ended_since) FILTER (WHERE cleared_at IS NULL)) * 1000 AS lingering,
                       extract(epoch FROM max(happened_at) FILTER (WHERE raised_at >= d.loan_started_at)) * 1000 AS happened,
                       count(*) FILTER (WHERE raised_at > clock_timestamp() - interval '1 hour' AND cleared_why IS DISTINCT FROM
                                        'known_too_late') AS lately,
                       extract(epoch FROM max(happened_at) FILTER (WHERE rests)) * 1000 AS rest_of,
                       extract(epoch FROM max(cleared_at) FILTER (WHERE rests)) * 1000 AS rest_since
                  FROM alarm WHERE device_no = d.device_no AND area IS NULL
                   AND (cleared_at IS NULL OR rests OR raised_at > clock_timestamp() - interval '60 days')
                 GROUP BY rule) a) AS alarms,
       (SELECT coalesce(jsonb_object_agg(rule, extract(epoch FROM since) * 1000), '{}')
          FROM rule_hold h WHERE h.device_no = d.device_no) AS holds,
       (SELECT coalesce(jsonb_object_agg(o.rule, o.settings), '{}')
          FROM (SELECT rule, jsonb_object_agg(setting, value) AS settings FROM rule_override
                 WHERE device_no = d.device_no AND ended_at IS NULL AND set_at >= d.loan_started_at GROUP BY rule) o) AS overrides,
       (SELECT coalesce(jsonb_object_agg(a.rule, a.alarm_id), '{}') FROM alarm a
         WHERE a.area = p.code || '/' || d.legal_frame || '/' || l.area AND a.cleared_at IS NULL) AS lost
  FROM device d
  LEFT JOIN device_state s USING (device_no)
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE d.device_no = ANY (%(devices)s::integer[])
 ORDER BY d.device_no

-- name: raise
-- The alarm and its first line; its ladder begins in the same transaction (diagnostics/escalation/start.py). Another worker's equal alarm makes it do nothing.
WITH raised AS (
    INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at, raised_at, late,
                       quieted_by, parent_id)
    VALUES (%(device_no)s, %(rule)s, %(severity)s, %(safety)s, %(audience)s, %(title_sv)s, %(title_en)s, %(reason_sv)s,
            %(reason_en)s, %(happened_at)s, %(now)s, %(late)s, %(quieted_by)s, %(parent_id)s)
    ON CONFLICT (device_no, rule) WHERE cleared_at IS NULL DO NOTHING
    RETURNING alarm_id
), written AS (
    INSERT INTO alarm_journal (alarm_id, at, kind, actor, note, late)
    SELECT alarm_id, %(now)s, 'raised', 'engine', coalesce(%(quieted_by)s, ''), %(late)s FROM raised
), forgotten AS (
    UPDATE alarm SET rests = false WHERE device_no = %(device_no)s AND rule = %(rule)s AND rests
), released AS (
    DELETE FROM rule_hold WHERE device_no = %(device_no)s AND rule = %(rule)s
)
SELECT alarm_id FROM raised

-- name: note
-- What became known too late to ring: kept, closed, and never told to anybody.
WITH noted AS (
    INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at, raised_at, late,
                       cleared_at, cleared_why)
    SELECT %(device_no)s, %(rule)s, %(severity)s, %(safety)s, %(audience)s, %(title_sv)s, %(title_en)s, %(reason_sv)s, %(reason_en)s,
           %(happened_at)s, %(now)s, true, %(now)s, %(why)s
     WHERE NOT EXISTS (SELECT FROM alarm WHERE device_no = %(device_no)s AND rule = %(rule)s AND happened_at = %(happened_at)s)
    RETURNING alarm_id
)
INSERT INTO alarm_journal (alarm_id, at, kind, actor, late) SELECT alarm_id, %(now)s, 'noted', 'engine', true FROM noted
RETURNING alarm_id

-- name: clear
-- Its ladder ends, and who was told that it began is told that it ended: by the trigger `alarm_settled`.
WITH cleared AS (
    UPDATE alarm SET cleared_at = greatest(raised_at, %(now)s), cleared_why = %(why)s
     WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL
    RETURNING alarm_id
), written AS (
    INSERT INTO alarm_journal (alarm_id, at, kind, actor, note) SELECT alarm_id, %(now)s, 'cleared', 'engine', %(why)s FROM cleared
)
SELECT alarm_id FROM cleared

-- name: ring
WITH rang AS (
    UPDATE alarm SET quieted_by = NULL, parent_id = NULL
     WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL AND quieted_by IS NOT NULL
    RETURNING alarm_id, taken_at IS NOT NULL AS taken
), written AS (
    INSERT INTO alarm_journal (alarm_id, at, kind, actor) SELECT alarm_id, %(now)s, 'rang', 'engine' FROM rang
)
SELECT alarm_id, taken FROM rang

-- name: linger
UPDATE alarm SET ended_since = %(now)s WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL

-- name: resume
WITH merged AS (
    UPDATE alarm SET ended_since = NULL, times = times + 1 WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL
    RETURNING alarm_id
)
INSERT INTO alarm_journal (alarm_id, at, kind, actor) SELECT alarm_id, %(now)s, 'merged', 'engine' FROM merged

-- name: correct
WITH before AS (
    SELECT alarm_id, happened_at FROM alarm WHERE device_no = %(device_no)s AND rule = %(rule)s AND cleared_at IS NULL FOR UPDATE
), corrected AS (
    UPDATE alarm a SET happened_at = %(happened_at)s, reason_sv = %(reason_sv)s, reason_en = %(reason_en)s, corrected_at = %(now)s,
                       late = true
      FROM before b WHERE a.alarm_id = b.alarm_id
    RETURNING a.alarm_id, b.happened_at AS was
)
INSERT INTO alarm_journal (alarm_id, at, kind, actor, late, detail)
SELECT alarm_id, %(now)s, 'corrected', 'engine', true, jsonb_build_object('was', was, 'is', %(happened_at)s::timestamptz) FROM corrected
RETURNING alarm_id

-- name: forget
UPDATE alarm SET rests = false WHERE device_no = %(device_no)s AND rule = %(rule)s AND rests

-- name: hold
INSERT INTO rule_hold (device_no, rule, since) VALUES (%(device_no)s, %(rule)s, %(since)s) ON CONFLICT DO NOTHING

-- name: release
DELETE FROM rule_hold WHERE device_no = %(device_no)s AND rule = %(rule)s

-- name: set_timer
INSERT INTO alarm_timer (device_no, due_at, next_dose_at) VALUES (%(device_no)s, %(due_at)s, %(next_dose_at)s)
ON CONFLICT (device_no) DO UPDATE SET due_at = excluded.due_at, next_dose_at = excluded.next_dose_at

-- name: put_off
UPDATE alarm_timer SET due_at = %(due_at)s WHERE device_no = %(device_no)s

-- name: drop_timer
DELETE FROM alarm_timer WHERE device_no = %(device_no)s

-- name: lease
-- Takes a lease that is free or over, or keeps one's own; the fence rises with every new holder. No row: somebody else has it.
INSERT INTO worker_lease AS l (task, holder, fence, until)
VALUES (%(task)s, %(holder)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (task) DO UPDATE SET holder = excluded.holder, until = excluded.until,
       fence = CASE WHEN l.holder = excluded.holder THEN l.fence ELSE l.fence + 1 END
 WHERE l.holder = excluded.holder OR l.until < clock_timestamp()
RETURNING fence

-- name: fenced
-- Inside the transaction that acts: still ours? Whoever wants to take the lease over waits until we have committed.
SELECT fence FROM worker_lease WHERE task = %(task)s AND holder = %(holder)s AND fence = %(fence)s FOR SHARE

-- name: area_suspected
-- Areas that may be out, which in a region are few: enough of their devices fell quiet lately or have lost power (a device that did both
-- counts twice here, not in the figures), or an alarm of theirs is open.
SELECT p.code || '/' || d.legal_frame || '/' || l.area AS area
  FROM (SELECT q.device_no, c.device_class
          FROM unnest(%(classes)s::text[], %(seconds)s::integer[]) AS c (device_class, seconds)
         CROSS JOIN (SELECT min(at) AS at FROM ingest_watermark) w
          JOIN device q USING (device_class)
         CROSS JOIN LATERAL (SELECT FROM device_state s
                              WHERE s.device_no = q.device_no
                                AND s.last_seen_at < w.at - make_interval(secs => c.seconds * %(share)s)
                                AND s.last_seen_at > w.at - make_interval(secs => c.seconds + 900)
                             OFFSET 0) AS fell_quiet
         UNION ALL
        SELECT x.device_no, c.device_class
          FROM unnest(%(classes)s::text[], %(faults)s::text[]) AS c (device_class, fault_code)
          JOIN device_fault x ON x.fault_code = c.fault_code AND x.cleared_at IS NULL) AS found
  JOIN device d ON d.device_no = found.device_no AND d.device_class = found.device_class
  JOIN payer p USING (payer_id)
  JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 GROUP BY 1
HAVING count(*) >= %(least)s
 UNION
SELECT area FROM alarm WHERE area IS NOT NULL AND cleared_at IS NULL

-- name: area_figures
-- Per suspected area of devices on loan whose class can lose contact or power as an area, and that were heard within a day (of the outage, once
-- there is one): how many there are, how many are well on their way to silent (`share` of what their rule allows) and how many of those
-- since the last quarter of an hour, how many are silent, how many have lost power.
SELECT p.code || '/' || d.legal_frame || '/' || l.area AS area, count(*) AS devices,
       count(*) FILTER (WHERE s.last_seen_at < w.at - make_interval(secs => c.seconds * %(share)s)) AS quiet,
       count(*) FILTER (WHERE s.last_seen_at < w.at - make_interval(secs => c.seconds * %(share)s)
                          AND s.last_seen_at > w.at - make_interval(secs => c.seconds + 900)) AS falling,
       count(*) FILTER (WHERE s.last_seen_at < w.at - make_interval(secs => c.seconds)) AS silent,
       count(*) FILTER (WHERE f.device_no IS NOT NULL) AS unpowered,
       min(s.last_seen_at) FILTER (WHERE s.last_seen_at < w.at - make_interval(secs => c.seconds * %(share)s)) AS quiet_since,
       min(f.raised_at) AS unpowered_since
  FROM unnest(%(classes)s::text[], %(seconds)s::integer[], %(faults)s::text[]) AS c (device_class, seconds, fault_code)
  JOIN device d USING (device_class)
  JOIN payer p USING (payer_id)
  JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  JOIN device_state s ON s.device_no = d.device_no
 CROSS JOIN (SELECT min(at) AS at FROM ingest_watermark) w
  LEFT JOIN LATERAL (SELECT x.device_no, x.raised_at FROM device_fault x
                      WHERE x.device_no = d.device_no AND x.fault_code = c.fault_code AND x.cleared_at IS NULL LIMIT 1) f ON true
  LEFT JOIN alarm o ON o.area = p.code || '/' || d.legal_frame || '/' || l.area AND o.rule = 'area_contact_lost' AND o.cleared_at IS NULL
 WHERE s.last_seen_at > coalesce(o.happened_at, w.at) - interval '1 day'
   AND p.code || '/' || d.legal_frame || '/' || l.area = ANY (%(areas)s)
 GROUP BY 1

-- name: area_open
SELECT alarm_id, area, rule FROM alarm WHERE area IS NOT NULL AND cleared_at IS NULL

-- name: area_given_back
-- Area alarms that the one who had taken them gave back: they ring again.
UPDATE alarm SET quieted_by = NULL WHERE area IS NOT NULL AND cleared_at IS NULL AND quieted_by IS NOT NULL AND taken_at IS NULL
RETURNING alarm_id

-- name: area_devices
-- The devices an area alarm is about.
SELECT d.device_no, d.device_id, d.device_class, s.last_seen_at, present_values(s.metric_values, s.told) AS metric_values, t.next_dose_at,
       s.last_seen_at < w.at - make_interval(secs => c.seconds * %(share)s) AS quiet, f.device_no IS NOT NULL AS unpowered
  FROM unnest(%(classes)s::text[], %(seconds)s::integer[], %(faults)s::text[]) AS c (device_class, seconds, fault_code)
  JOIN device d USING (device_class)
  JOIN payer p USING (payer_id)
  JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  JOIN device_state s ON s.device_no = d.device_no
 CROSS JOIN (SELECT min(at) AS at FROM ingest_watermark) w
  LEFT JOIN alarm_timer t ON t.device_no = d.device_no
  LEFT JOIN LATERAL (SELECT x.device_no FROM device_fault x
                      WHERE x.device_no = d.device_no AND x.fault_code = c.fault_code AND x.cleared_at IS NULL LIMIT 1) f ON true
 WHERE p.code || '/' || d.legal_frame || '/' || l.area = %(area)s
 ORDER BY d.device_no

-- name: raise_area
WITH raised AS (
    INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en, happened_at, raised_at, area,
                       detail)
    VALUES (%(device_no)s, %(rule)s, 'critical', true, 'care', %(title_sv)s, %(title_en)s, %(reason_sv)s, %(reason_en)s, %(happened_at)s,
            %(now)s, %(area)s, %(detail)s)
    ON CONFLICT DO NOTHING
    RETURNING alarm_id
), written AS (
    INSERT INTO alarm_journal (alarm_id, at, kind, actor) SELECT alarm_id, %(now)s, 'raised', 'engine' FROM raised
)
SELECT alarm_id FROM raised

-- name: update_area
UPDATE alarm SET detail = %(detail)s, reason_sv = %(reason_sv)s, reason_en = %(reason_en)s WHERE alarm_id = %(alarm_id)s

-- name: clear_area
WITH cleared AS (
    UPDATE alarm SET cleared_at = greatest(raised_at, %(now)s), cleared_why = 'condition_ended'
     WHERE alarm_id = %(alarm_id)s AND cleared_at IS NULL
    RETURNING alarm_id
), written AS (
    INSERT INTO alarm_journal (alarm_id, at, kind, actor, note)
    SELECT alarm_id, %(now)s, 'cleared', 'engine', 'condition_ended' FROM cleared
)
SELECT alarm_id FROM cleared

-- name: gathered_children
-- Devices whose alarm was told through an area alarm that is open no longer.
SELECT DISTINCT c.device_no FROM alarm c
 WHERE c.cleared_at IS NULL AND c.quieted_by = 'area'
   AND NOT EXISTS (SELECT FROM alarm p WHERE p.alarm_id = c.parent_id AND p.cleared_at IS NULL)

-- name: backtest_devices
SELECT device_no, device_id, loan_started_at FROM device
 WHERE device_class = %(class)s AND enrolled_at IS NOT NULL AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
 ORDER BY hashint4(device_no) LIMIT %(most)s

-- name: backtest_events
SELECT v.device_no, v.ts, v.received_at, v.event
  FROM unnest(%(devices)s::integer[]) AS d (device_no)
  JOIN LATERAL (SELECT e.* FROM device_event_seen e WHERE e.device_no = d.device_no AND e.ts >= %(start)s AND e.ts < %(end)s
                   AND e.event = ANY (%(events)s::text[])) v ON true

-- name: backtest_faults
-- A fault that became active before the period and was still active in it belongs to the scene.
SELECT device_no, fault_code, raised_at, known_at, cleared_at FROM device_fault
 WHERE device_no = ANY (%(devices)s::integer[]) AND fault_code = ANY (%(faults)s::text[]) AND raised_at < %(end)s
   AND coalesce(cleared_at, 'infinity') >= %(start)s

-- name: setting_device
SELECT d.device_no, d.device_id, d.device_class,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d WHERE d.device_id = %(device_id)s

-- name: overrides
SELECT rule, setting, value, reason, set_by, set_at FROM rule_override WHERE device_no = %(device_no)s AND ended_at IS NULL

-- name: end_override
UPDATE rule_override SET ended_at = clock_timestamp(), ended_by = %(by)s
 WHERE device_no = %(device_no)s AND rule = %(rule)s AND setting = %(setting)s AND ended_at IS NULL

-- name: add_override
INSERT INTO rule_override (device_no, rule, setting, value, reason, set_by)
VALUES (%(device_no)s, %(rule)s, %(setting)s, %(value)s, %(reason)s, %(by)s)

-- name: area_of
SELECT d.device_no, l.loan_id, l.area,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE d.device_id = %(device_id)s

-- name: set_area
UPDATE loan SET area = %(area)s WHERE loan_id = %(loan_id)s AND ended_at IS NULL
