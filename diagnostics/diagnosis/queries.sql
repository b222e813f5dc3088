-- name: faults
-- Active faults and those of the last thirty days; a code that was unknown when it came may be known by now.
SELECT f.system, f.code, f.module, f.text, f.fault_code, f.times, f.raised_at, f.cleared_at
  FROM device_fault f
  LEFT JOIN fault_code c ON c.code = f.fault_code
 WHERE f.device_no = %(device_no)s
   AND (f.cleared_at IS NULL OR f.cleared_at >= %(start)s)
   AND coalesce(c.audience, 'technical') = ANY (%(audiences)s::text[])
 ORDER BY f.raised_at DESC
 LIMIT 2000

-- name: state
SELECT last_seen_at, last_used_day FROM device_state_seen WHERE device_no = %(device_no)s

-- name: days
-- One row for each Swedish day that was read, with lowest, highest, sum, number and latest value of each metric.
SELECT (ts AT TIME ZONE 'Europe/Stockholm')::date AS day, {values}
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s
 GROUP BY 1
 ORDER BY 1

-- name: rolled_days
-- The same from hourly values.
SELECT (bucket AT TIME ZONE 'Europe/Stockholm')::date AS day, {values}
  FROM {view}
 WHERE device_no = %(device_no)s AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY 1
 ORDER BY 1

-- name: boots
-- Starts of the device, and how often its clock was not believed.
SELECT boot, min(ts) AS began, count(*) AS readings, count(*) FILTER (WHERE clock_corrected IS NOT NULL) AS doubted
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s
 GROUP BY boot

-- name: heard_days
-- Days on which readings came.
SELECT DISTINCT (ts AT TIME ZONE 'Europe/Stockholm')::date AS day
  FROM {view}
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s

-- name: rolled_heard_days
SELECT DISTINCT (bucket AT TIME ZONE 'Europe/Stockholm')::date AS day
  FROM {view}
 WHERE device_no = %(device_no)s AND bucket >= %(start)s AND bucket < %(end)s

-- name: events
SELECT event, ts, boot
  FROM device_event_seen
 WHERE device_no = %(device_no)s AND ts >= %(start)s AND ts < %(end)s
 ORDER BY ts DESC
 LIMIT 5000

-- name: answer
-- The latest successful answer to a command.
SELECT result, answered_at
  FROM command
 WHERE device_no = %(device_no)s AND name = %(name)s AND state = 'succeeded' AND result IS NOT NULL
 ORDER BY answered_at DESC
 LIMIT 1

-- name: silent_nearby
-- Of the devices of the same class and payer that were heard until about then: how many fell silent at the same time.
SELECT count(*) AS heard, count(*) FILTER (WHERE s.last_seen_at < %(until)s) AS silent
  FROM device_state s
  JOIN device d USING (device_no)
  JOIN device me ON me.device_no = %(device_no)s
 WHERE d.device_class = me.device_class AND d.payer_id = me.payer_id AND d.device_no <> me.device_no
   AND s.last_seen_at >= %(since)s

-- name: mains_nearby
-- Of the devices of the same class and payer that were heard in the last day: how many lost mains within the same hours.
SELECT count(*) AS heard,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM device_fault f
            WHERE f.device_no = d.device_no AND f.fault_code = ANY (%(codes)s::text[])
              AND f.raised_at >= %(since)s AND f.raised_at < %(until)s)) AS without
  FROM device d
  JOIN device_state s USING (device_no)
  JOIN device me ON me.device_no = %(device_no)s
 WHERE d.device_class = me.device_class AND d.payer_id = me.payer_id AND d.device_no <> me.device_no
   AND s.last_seen_at >= %(day_ago)s

-- name: checked
-- When the device was last checked against a known measure, and found right; nothing noted says nothing.
SELECT max(done_on) AS done_on FROM device_service WHERE device_no = %(device_no)s AND kind = 'calibration' AND passed

-- name: same_days
-- Days on which this device and another one of the same borrower and class were both used; NULL where the borrower is not known.
SELECT CASE WHEN count(me.borrower_key) > 0 THEN count(DISTINCT mine.local_day) END AS days
  FROM loan_use me
  JOIN loan l ON l.loan_id = me.loan_id AND l.ended_at IS NULL
  JOIN device d ON d.device_no = me.device_no
  LEFT JOIN (loan_use other JOIN device o ON o.device_no = other.device_no)
    ON other.borrower_key = me.borrower_key AND other.device_no <> me.device_no AND o.device_class = d.device_class
  LEFT JOIN usage_day theirs
    ON theirs.device_no = other.device_no AND theirs.local_day >= %(since)s AND theirs.measure = ANY (%(measures)s::text[])
   AND theirs.amount >= (%(amounts)s::float8[])[array_position(%(measures)s::text[], theirs.measure)]
  LEFT JOIN usage_day mine
    ON mine.device_no = me.device_no AND mine.local_day = theirs.local_day AND mine.measure = ANY (%(measures)s::text[])
   AND mine.amount >= (%(amounts)s::float8[])[array_position(%(measures)s::text[], mine.measure)]
 WHERE me.device_no = %(device_no)s

-- name: outcomes
-- What the latest finished work orders found, of the caller's devices of this class: so many tell as much as all that ever were.
SELECT cause, count(*) AS times
  FROM (SELECT o.cause
          FROM {orders} o
         CROSS JOIN LATERAL (SELECT x.device_class FROM device x WHERE x.device_no = o.device_no OFFSET 0) d
         WHERE d.device_class = %(device_class)s AND o.state = 'done' AND o.cause <> ''
         ORDER BY o.closed_at DESC
         LIMIT 2000) latest
 GROUP BY cause
