-- name: cases
-- Newest first. The device itself may be out of the caller's sight after its return; the case is not.
SELECT c.*, d.device_id, m.maker, m.name AS model_name, p.code AS payer_code, p.name AS payer_name, r.code AS prescriber_code,
       r.unit_name AS prescriber_unit, o.name AS depot,
       CASE WHEN d.device_id IS NOT NULL
            THEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL) END AS held
  FROM recall_case c
  JOIN device_model m USING (model_key)
  JOIN payer p USING (payer_id)
  LEFT JOIN device d USING (device_no)
  LEFT JOIN depot o ON o.depot_id = d.depot_id
  LEFT JOIN prescriber r ON r.prescriber_id = c.prescriber_id
 WHERE (%(case_id)s::bigint IS NULL OR c.case_id = %(case_id)s)
   AND (%(case_ids)s::bigint[] IS NULL OR c.case_id = ANY (%(case_ids)s::bigint[]))
   AND (%(states)s::text[] IS NULL OR c.state = ANY (%(states)s::text[]))
   AND (%(device_class)s::text IS NULL OR c.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR c.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s))
   AND (%(prescriber)s::text IS NULL OR c.prescriber_id = (SELECT prescriber_id FROM prescriber WHERE code = %(prescriber)s))
   AND (%(individual_number)s::text IS NULL OR c.individual_number = %(individual_number)s)
   AND (NOT %(overdue)s::boolean OR c.state = 'pick_up_ordered' AND c.pick_up_by < %(today)s
        OR c.state IN ('pick_up_ordered', 'collected') AND c.deregister_by < %(today)s)
   AND (%(after)s::bigint IS NULL OR c.case_id < %(after)s)
 ORDER BY c.case_id DESC
 LIMIT %(limit)s

-- name: pressing
-- Of each of these states its most pressing cases: by the clock that runs for it, else those that have waited longest in that state.
SELECT c.case_id
  FROM unnest(%(states)s::text[]) AS wanted (state)
 CROSS JOIN LATERAL (
       SELECT x.case_id
         FROM recall_case x
        WHERE x.state = wanted.state
          AND (%(device_class)s::text IS NULL OR x.device_class = %(device_class)s)
          AND (%(payer)s::text IS NULL OR x.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s))
          AND (%(prescriber)s::text IS NULL
               OR x.prescriber_id = (SELECT prescriber_id FROM prescriber WHERE code = %(prescriber)s))
        ORDER BY CASE x.state WHEN 'pick_up_ordered' THEN x.pick_up_by WHEN 'collected' THEN x.deregister_by END, x.changed_at, x.case_id
        LIMIT %(most)s) c

-- name: journal
SELECT at, before, action, after, actor, why FROM recall_transition WHERE case_id = %(case_id)s ORDER BY transition_id

-- name: ground
-- What a proposal of one device would rest on.
SELECT d.device_no, v.verdict, v.step, v.since, v.last_heard_day AS known_until, v.judged_day,
       CASE WHEN v.loan_started_at = d.loan_started_at THEN (d.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date END AS loan_day,
       i.silent_after_days, s.last_used_day > v.since AS used_since,
       EXISTS (SELECT FROM absence a JOIN loan l USING (loan_id) WHERE l.device_no = d.device_no AND l.ended_at IS NULL
                  AND a.withdrawn_at IS NULL AND %(today)s BETWEEN a.from_day AND coalesce(a.until_day, 'infinity')) AS absent,
       EXISTS (SELECT FROM recall_case c WHERE c.device_no = d.device_no AND c.state <> ALL (%(final)s::text[])) AS open_case,
       (SELECT max(c.snoozed_until) FROM recall_case c JOIN loan l USING (loan_id)
         WHERE c.device_no = d.device_no AND l.ended_at IS NULL AND c.state = 'needed') AS snoozed_until
  FROM device d
  JOIN device_model m USING (model_key)
  JOIN idle_policy i ON i.device_class = m.device_class AND i.name = m.idle_policy
  LEFT JOIN idle_verdict v USING (device_no)
  LEFT JOIN device_state_seen s USING (device_no)
 WHERE d.device_id = %(device_id)s

-- name: propose
-- Every device whose verdict says so, dearest first, and only those; the database's own guard (recall_ground) says the same once more.
INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class, model_key, verdict,
                         since, known_until, days, p_in_use, rent_sek, proposed_at, proposed_by, changed_at, changed_by, why)
SELECT d.device_no, l.loan_id, l.payer_id, l.legal_frame, l.prescriber_id, d.individual_number, d.device_class, d.model_key, v.verdict,
       v.since, v.last_heard_day, v.days, v.p_in_use, v.rent_sek, %(now)s, %(actor)s, %(now)s, %(actor)s, %(why)s
  FROM idle_verdict v
  JOIN device d USING (device_no)
  JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL AND l.started_at = v.loan_started_at
  JOIN device_model m USING (model_key)
  JOIN idle_policy i ON i.device_class = m.device_class AND i.name = m.idle_policy
  LEFT JOIN LATERAL (SELECT s.last_used_day FROM device_state_seen s WHERE s.device_no = d.device_no) s ON true
 WHERE v.step = 'propose' AND v.verdict IN ('unused', 'never_started')
   AND (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR l.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s))
   AND v.since >= (l.started_at AT TIME ZONE 'Europe/Stockholm')::date
   AND %(today)s - v.judged_day <= 3 AND %(today)s - v.last_heard_day <= i.silent_after_days AND v.last_heard_day >= v.since
   AND (s.last_used_day IS NULL OR s.last_used_day <= v.since)
   AND NOT EXISTS (SELECT FROM absence a WHERE a.loan_id = l.loan_id AND a.withdrawn_at IS NULL
                      AND %(today)s BETWEEN a.from_day AND coalesce(a.until_day, 'infinity'))
   AND NOT EXISTS (SELECT FROM recall_case c WHERE c.loan_id = l.loan_id AND c.state = 'needed' AND c.snoozed_until >= %(today)s)
   AND NOT EXISTS (SELECT FROM recall_case c WHERE c.device_no = d.device_no AND c.state <> ALL (%(final)s::text[]))
 ORDER BY v.cost_sek DESC NULLS LAST, d.device_no
 LIMIT %(limit)s
ON CONFLICT (device_no) WHERE state NOT IN ('needed', 'parts', 'scrapped', 'in_stock', 'lost', 'woken_up', 'withdrawn') DO NOTHING
RETURNING case_id, device_no

-- name: move
-- The one conditional statement of a transition: it holds only from the state it was decided on, and no device that has been used since
-- is asked for, ordered or fetched.
UPDATE recall_case c
   SET state = %(after)s, action = %(action)s, changed_at = %(now)s, changed_by = %(actor)s, why = %(why)s,
       asked_at = coalesce(%(asked_at)s, asked_at), answered_at = coalesce(%(answered_at)s, answered_at),
       snoozed_until = coalesce(%(snoozed_until)s, snoozed_until), ordered_at = coalesce(%(ordered_at)s, ordered_at),
       order_number = coalesce(%(order_number)s, order_number), rent_stops = coalesce(%(rent_stops)s, rent_stops),
       pick_up_by = coalesce(%(pick_up_by)s, pick_up_by), deregister_by = coalesce(%(deregister_by)s, deregister_by),
       collected_at = coalesce(%(collected_at)s, collected_at), deregistered_at = coalesce(%(deregistered_at)s, deregistered_at),
       closed_at = %(closed_at)s
 WHERE case_id = %(case_id)s AND state = %(before)s
   AND (%(action)s NOT IN ('ask', 'confirm', 'order')
        OR NOT EXISTS (SELECT FROM device_state_seen s WHERE s.device_no = c.device_no
                          AND (s.last_used_day > c.since OR s.last_used_day = c.since AND c.verdict = 'never_started')))

-- name: totals
-- Counts and money by state, with what is overdue, and how many devices the proposals are of.
SELECT state, count(*) AS cases, coalesce(sum(rent_sek), 0) AS rent_sek,
       count(*) FILTER (WHERE state = 'pick_up_ordered' AND pick_up_by < %(today)s) AS pick_up_overdue,
       count(*) FILTER (WHERE state IN ('pick_up_ordered', 'collected') AND deregister_by < %(today)s) AS deregister_overdue,
       count(*) FILTER (WHERE rent_stops < %(today)s) AS rent_stopped,
       coalesce(sum(rent_sek) FILTER (WHERE rent_stops < %(today)s), 0) AS rent_stopped_sek,
       coalesce(sum(rent_sek * least(%(most_days)s, %(today)s - rent_stops)) FILTER (WHERE rent_stops < %(today)s), 0) AS rent_days_sek
  FROM recall_case c
 WHERE (%(device_class)s::text IS NULL OR c.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR c.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s))
 GROUP BY state

-- name: answers
-- The latest answer or use of every case, from the journal: a case that was confirmed and fetched was right, whatever came later.
SELECT count(*) FILTER (WHERE t.needed) AS needed, count(*) FILTER (WHERE t.woken AND NOT t.needed) AS woken_up,
       count(*) FILTER (WHERE t.confirmed AND NOT t.needed AND NOT t.woken) AS confirmed,
       count(*) FILTER (WHERE t.case_id IS NULL AND c.state IN ('proposed', 'asked')) AS waiting
  FROM recall_case c
  LEFT JOIN (
       SELECT j.case_id, bool_or(j.action = 'need') AS needed, bool_or(j.action = 'wake_up') AS woken,
              bool_or(j.action = 'confirm') AS confirmed
         FROM recall_transition j WHERE j.action IN ('need', 'wake_up', 'confirm') GROUP BY j.case_id) t USING (case_id)
 WHERE (%(device_class)s::text IS NULL OR c.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR c.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s))

-- name: wake
-- Used later than what the case rests on: it stops, and says by which day's use. Also use before the proposal that came to be known late.
UPDATE recall_case c
   SET state = 'woken_up', action = 'wake_up', changed_at = %(now)s, changed_by = 'fjarrkoll', closed_at = %(now)s,
       why = 'använt ' || s.last_used_day || ' / used ' || s.last_used_day
  FROM device_state s
  JOIN device d USING (device_no)
 WHERE c.device_no = s.device_no AND c.state IN ('proposed', 'asked', 'confirmed_unused', 'pick_up_ordered')
   AND (s.last_used_day > c.since OR s.last_used_day = c.since AND c.verdict = 'never_started')
   AND d.loan_started_at <= c.proposed_at
RETURNING c.case_id, c.device_no

-- name: withdraw_absent
-- An absence that somebody registered takes the ground from a proposal that nobody has answered.
UPDATE recall_case c
   SET state = 'withdrawn', action = 'withdraw', changed_at = %(now)s, changed_by = 'fjarrkoll', closed_at = %(now)s,
       why = 'frånvaro registrerad från ' || a.from_day || ' / absence registered from ' || a.from_day
  FROM absence a
 WHERE a.loan_id = c.loan_id AND a.withdrawn_at IS NULL AND c.state IN ('proposed', 'asked')
   AND %(today)s BETWEEN a.from_day AND coalesce(a.until_day, 'infinity')
RETURNING c.case_id, c.device_no
