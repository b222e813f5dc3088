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
SELECT d.device_class, d.model_key, f.fault_code,
       CASE WHEN f.fault_code IS NULL THEN f.system END AS system, CASE WHEN f.fault_code IS NULL THEN f.code END AS code,
       f.module, coalesce(f.firmware, '') AS firmware, count(*) AS times, count(DISTINCT f.device_no) AS devices,
       count(*) FILTER (WHERE f.raised_at >= %(middle)s) AS late, count(*) FILTER (WHERE f.cleared_at IS NULL) AS active,
       min(f.raised_at) AS first_raised_at, max(f.raised_at) AS last_raised_at
  FROM device_fault f
  JOIN device d USING (device_no)
 WHERE f.raised_at >= %(start)s AND f.raised_at < %(end)s
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
   AND (%(model)s::text IS NULL OR d.model_key = %(model)s)
 GROUP BY 1, 2, 3, 4, 5, 6, 7

-- name: exposure
-- Device-days by model and firmware: from when a device was first heard until it was last heard, within the period. A device whose
-- software changed counts on the earlier one until then. No DISTINCT and no numeric: with 417,000 devices both cost seconds.
WITH changed AS (
    SELECT DISTINCT ON (device_no) device_no, known_at, firmware_from
      FROM software_change
     WHERE known_at >= %(start)s
     ORDER BY device_no, known_at DESC
), lived AS (
    SELECT d.device_class, d.model_key, d.firmware, d.device_no,
           greatest(s.first_seen_at, c.known_at, %(start)s) AS began, least(s.last_seen_at, %(end)s) AS ended
      FROM device_state s
      JOIN device d USING (device_no)
      LEFT JOIN changed c USING (device_no)
     WHERE s.last_seen_at > %(start)s
    UNION ALL
    SELECT d.device_class, d.model_key, c.firmware_from, d.device_no,
           greatest(s.first_seen_at, %(start)s), least(s.last_seen_at, c.known_at, %(end)s)
      FROM changed c
      JOIN device d USING (device_no)
      JOIN device_state s USING (device_no)
)
SELECT device_class, model_key, firmware, count(*) AS devices,
       sum(date_part('epoch', ended - began)) / 86400 AS days,
       sum(date_part('epoch', greatest(ended - greatest(began, %(middle)s), interval '0'))) / 86400 AS late_days
  FROM lived
 WHERE ended > began
   AND (%(device_class)s::text IS NULL OR device_class = %(device_class)s)
   AND (%(model)s::text IS NULL OR model_key = %(model)s)
 GROUP BY 1, 2, 3

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
