-- name: mark
-- Whatever changes on the board changes one of these.
SELECT count(*) AS open, sum(hashtext(concat_ws('|', alarm_id, taken_at, taken_by, handed_to, plan, times, quieted_by, parent_id))) AS which
  FROM alarm WHERE cleared_at IS NULL

-- name: used_days
-- Per local day what was measured, for the strip of a year; whether a day counts as used is its class's word.
SELECT u.local_day, bool_or(c.at_least IS NOT NULL AND u.amount >= c.at_least) AS used
  FROM usage_day u
  JOIN device d USING (device_no)
  LEFT JOIN usage_clause c ON c.device_class = d.device_class AND c.measure = u.measure
 WHERE u.device_no = %(device_no)s AND u.local_day > %(after)s
 GROUP BY u.local_day
