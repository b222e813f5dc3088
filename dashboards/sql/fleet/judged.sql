-- The idle verdict of fleet/idle.py in SQL, device by device; tests/integration/dashboards holds the two against each other.
-- Silence never becomes "unused": days without use are counted up to the day the device was last heard.
-- Made for a fleet of 400,000: prices and quiet months are looked up in small tables, nothing is asked once per device.
today AS MATERIALIZED (
    SELECT (now() AT TIME ZONE 'Europe/Stockholm')::date AS day
),
prices AS MATERIALIZED (
    SELECT DISTINCT ON (model_key) model_key, rent_sek
      FROM model_price
     WHERE valid_from <= (SELECT day FROM today)
     ORDER BY model_key, valid_from DESC
),
-- Per policy with quiet months: how many days of the last eleven years, up to each day, lay outside them; one list per policy.
outside AS MATERIALIZED (
    SELECT device_class, name, min(day) AS first_day, array_agg(days ORDER BY day) AS days
      FROM (SELECT p.device_class, p.name, d.day::date AS day,
                   (count(*) FILTER (WHERE extract(month FROM d.day)::integer <> ALL (p.quiet_months))
                       OVER (PARTITION BY p.device_class, p.name ORDER BY d.day))::integer AS days
              FROM idle_policy p
             CROSS JOIN generate_series(
                       (SELECT day - 4000 FROM today)::timestamp, (SELECT day FROM today), interval '1 day') AS d(day)
             WHERE cardinality(p.quiet_months) > 0) AS counted
     GROUP BY device_class, name
),
facts AS (
    SELECT c.device_no, c.device_id, c.individual_number, c.device_class, c.model_key, c.payer_id, c.enrolled_at,
           c.loan_started_at, s.last_seen_at, s.last_used_day, m.idle_policy AS policy, p.note_days, p.contact_days,
           p.propose_days, p.quiet_propose_days, p.training_days, p.silent_after_days, t.day AS today,
           (c.loan_started_at AT TIME ZONE 'Europe/Stockholm')::date AS loan_day,
           least((s.last_seen_at AT TIME ZONE 'Europe/Stockholm')::date, t.day) AS heard_day,
           (s.first_seen_at AT TIME ZONE 'Europe/Stockholm')::date AS first_seen_day
      FROM chosen c
     CROSS JOIN today t
      JOIN device_model m USING (model_key)
      JOIN idle_policy p ON p.device_class = c.device_class AND p.name = m.idle_policy
      LEFT JOIN device_state_seen s USING (device_no)
),
-- From which day no use is proven: the last used one of this loan, else the first with data.
dated AS (
    SELECT *,
           coalesce(last_used_day >= loan_day, false) AS ever_used,
           CASE WHEN last_used_day >= loan_day THEN last_used_day
                ELSE least(greatest(loan_day, first_seen_day), heard_day) END AS counted_from
      FROM facts
),
worded AS (
    SELECT *,
           CASE
               WHEN loan_started_at IS NULL THEN 'in_stock'
               WHEN enrolled_at IS NULL THEN 'cannot_report'
               WHEN last_seen_at IS NULL OR last_seen_at < loan_started_at THEN 'never_connected'
               WHEN today - heard_day > silent_after_days THEN 'silent'
               WHEN ever_used AND heard_day - counted_from < note_days THEN 'used'
               WHEN today - loan_day < training_days OR heard_day - counted_from < note_days THEN 'too_early'
               WHEN ever_used THEN 'unused'
               ELSE 'never_started'
           END AS verdict
      FROM dated
),
-- A first day before the eleven years is in no list: then all days of the list count, which is more than any limit.
measured AS (
    SELECT w.*,
           CASE WHEN o.days IS NULL THEN w.heard_day - w.counted_from
                ELSE o.days[w.heard_day - o.first_day + 1] - coalesce(o.days[w.counted_from - o.first_day + 1], 0)
           END AS counted_days
      FROM worded w
      LEFT JOIN outside o ON o.device_class = w.device_class AND o.name = w.policy
),
judged AS MATERIALIZED (
    SELECT m.device_no, m.device_id, m.individual_number, m.device_class, m.model_key, m.payer_id, m.verdict, r.rent_sek,
           CASE
               WHEN m.verdict = 'in_stock' THEN NULL
               WHEN m.verdict IN ('cannot_report', 'never_connected') THEN m.loan_day
               WHEN m.verdict = 'silent' THEN m.heard_day
               ELSE m.counted_from
           END AS since,
           CASE
               WHEN m.verdict IN ('cannot_report', 'never_connected') THEN m.today - m.loan_day
               WHEN m.verdict = 'silent' THEN m.today - m.heard_day
               WHEN m.verdict <> 'in_stock' THEN greatest(0, m.heard_day - m.counted_from)
           END AS days,
           CASE
               WHEN m.verdict NOT IN ('unused', 'never_started') THEN 'none'
               WHEN m.counted_days >= m.propose_days OR m.heard_day - m.counted_from >= m.quiet_propose_days THEN 'propose'
               WHEN m.counted_days >= m.contact_days THEN 'contact'
               WHEN m.counted_days >= m.note_days THEN 'note'
               ELSE 'none'
           END AS step
      FROM measured m
      LEFT JOIN prices r USING (model_key)
)
