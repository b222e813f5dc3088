-- name: figures
-- Overall, and per payer, area and rule; the area is that of the loan in which it was raised. Times are from the device's event; alarms known late are counted and not timed, for they rang as late.
-- What is told through another alarm, and a canary's alarm, are none of these.
WITH told AS (
    SELECT a.alarm_id, p.code AS payer, coalesce(l.area, '') AS area, a.rule, a.late, a.verdict, a.taken_at, a.happened_at, n.sent_at, n.delivered_at,
           coalesce(n.receipted, false) AS receipted
      FROM alarm a
      JOIN device d USING (device_no)
      LEFT JOIN payer p USING (payer_id)
      LEFT JOIN loan l ON l.device_no = a.device_no AND l.started_at <= a.raised_at AND (l.ended_at IS NULL OR l.ended_at > a.raised_at)
      LEFT JOIN LATERAL (
            SELECT min(m.first_sent_at) AS sent_at, min(m.delivered_at) AS delivered_at, bool_or(m.receipt_due_at IS NOT NULL) AS receipted
              FROM notification m WHERE m.alarm_id = a.alarm_id AND m.kind = 'raised') n ON true
     WHERE a.raised_at >= %(start)s AND a.raised_at < %(end)s AND a.quieted_by IS NULL
       AND NOT EXISTS (SELECT FROM canary_device c WHERE c.device_no = a.device_no)
)
SELECT payer, area, rule, grouping(payer, area, rule) = 7 AS overall, count(*) AS alarms, count(*) FILTER (WHERE late) AS late,
       count(sent_at) AS sent, count(*) FILTER (WHERE receipted) AS with_receipt, count(delivered_at) AS delivered,
       count(taken_at) AS taken, count(*) FILTER (WHERE verdict = 'true') AS judged_true,
       count(*) FILTER (WHERE verdict = 'false') AS judged_false, count(*) FILTER (WHERE verdict = 'expected') AS judged_expected,
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - happened_at)::float8)
           FILTER (WHERE sent_at IS NOT NULL AND NOT late) AS to_sent,
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM delivered_at - happened_at)::float8)
           FILTER (WHERE delivered_at IS NOT NULL AND NOT late) AS to_delivered,
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM taken_at - happened_at)::float8)
           FILTER (WHERE taken_at IS NOT NULL AND NOT late) AS to_taken
  FROM told
 GROUP BY GROUPING SETS ((), (payer, area, rule))
 ORDER BY overall DESC, alarms DESC, payer, area, rule

-- name: steps
-- At which step of its ladder an alarm was when somebody took it; the last resort counts as the step after the others.
SELECT reached.position AS step, count(*) AS taken
  FROM alarm a
  JOIN LATERAL (SELECT c.position FROM escalation_call c WHERE c.alarm_id = a.alarm_id AND c.called_at <= a.taken_at
                 ORDER BY c.call_no DESC LIMIT 1) reached ON true
 WHERE a.raised_at >= %(start)s AND a.raised_at < %(end)s AND a.taken_at IS NOT NULL AND a.quieted_by IS NULL
   AND NOT EXISTS (SELECT FROM canary_device d WHERE d.device_no = a.device_no)
 GROUP BY reached.position ORDER BY reached.position

-- name: alarm
SELECT device_no FROM alarm WHERE alarm_id = %(alarm_id)s

-- name: calls
SELECT call_no, position AS step, called_at, recipients, reason FROM escalation_call WHERE alarm_id = %(alarm_id)s ORDER BY call_no
