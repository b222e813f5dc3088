-- Per Swedish local day: devices used, devices whose data shows no use, and those of which nothing is known. The three add up to
-- the devices on loan that could report that day. Days count from the start of the open loan: what an earlier borrower did is not
-- this loan's use.
WITH <<chosen>>,
lent AS MATERIALIZED (
    SELECT device_no, device_class, (greatest(loan_started_at, enrolled_at) AT TIME ZONE 'Europe/Stockholm')::date AS first_day
      FROM chosen
     WHERE loan_started_at IS NOT NULL AND enrolled_at IS NOT NULL
),
days AS (
    SELECT day::date AS local_day
      FROM generate_series(
               ($__timeFrom()::timestamptz AT TIME ZONE 'Europe/Stockholm')::date,
               (least($__timeTo()::timestamptz, now()) AT TIME ZONE 'Europe/Stockholm')::date,
               interval '1 day') AS day
),
judged AS (
    SELECT u.device_no, u.local_day, coalesce(bool_or(u.amount >= k.at_least), false) AS used
      FROM usage_day u
      JOIN lent l USING (device_no)
      LEFT JOIN usage_clause k ON k.device_class = l.device_class AND k.measure = u.measure
     WHERE u.local_day BETWEEN (SELECT min(local_day) FROM days) AND (SELECT max(local_day) FROM days)
       AND u.local_day >= l.first_day
     GROUP BY u.device_no, u.local_day
),
counted AS (
    SELECT local_day, count(*) FILTER (WHERE used) AS used, count(*) FILTER (WHERE NOT used) AS unused
      FROM judged
     GROUP BY local_day
),
could AS (
    SELECT d.local_day, count(l.device_no) AS devices
      FROM days d
      LEFT JOIN lent l ON l.first_day <= d.local_day
     GROUP BY d.local_day
)
SELECT local_day::timestamp AT TIME ZONE 'Europe/Stockholm' AS time,
       coalesce(used, 0) AS used,
       coalesce(unused, 0) AS unused,
       devices - coalesce(used + unused, 0) AS unknown,
       devices AS could_report
  FROM could
  LEFT JOIN counted USING (local_day)
 ORDER BY local_day
