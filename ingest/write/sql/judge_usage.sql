-- As grow_usage.sql, and the last day on which the device was used as its class defines it; a day before the open loan began says
-- nothing about it. Answers with who was used and on which day, counted from 2000-01-01.
WITH grown AS (
    INSERT INTO usage_day AS u (device_no, local_day, measure, amount)
    SELECT * FROM unnest(%(device_no)b, %(local_day)b, %(measure)b, %(amount)b)
    ON CONFLICT (device_no, local_day, measure) DO UPDATE SET amount = {begun}
    RETURNING device_no, local_day, measure, amount
), used AS (
    SELECT g.device_no, max(g.local_day) AS day
      FROM grown g
      JOIN device d USING (device_no)
      JOIN usage_clause c ON c.device_class = d.device_class AND c.measure = g.measure AND g.amount >= c.at_least
     WHERE g.local_day >= coalesce((coalesce(d.loan_started_at, d.earlier_loan_ended_at) AT TIME ZONE 'Europe/Stockholm')::date, '-infinity')
     GROUP BY g.device_no
), noted AS (
    UPDATE device_state AS s
       SET last_used_day = used.day
      FROM used
     WHERE s.device_no = used.device_no AND (s.last_used_day IS NULL OR s.last_used_day < used.day)
)
SELECT device_no, day - date '2000-01-01' FROM used
