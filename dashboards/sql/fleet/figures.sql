-- How many there are, can report and did: each figure with its denominator.
WITH <<chosen>>,
counted AS (
    SELECT count(*) AS registered,
           count(c.loan_started_at) AS on_loan,
           count(c.enrolled_at) AS can_report,
           count(*) FILTER (WHERE c.enrolled_at IS NOT NULL AND s.last_seen_at > now() - interval '24 hours') AS reported,
           count(*) FILTER (WHERE c.enrolled_at IS NOT NULL AND s.last_seen_at IS NULL) AS never_heard
      FROM chosen c
      LEFT JOIN device_state_seen s USING (device_no)
),
written AS (
    SELECT ltrim(to_char(registered, 'FM999 999 999')) AS registered,
           ltrim(to_char(on_loan, 'FM999 999 999')) AS on_loan,
           ltrim(to_char(can_report, 'FM999 999 999')) AS can_report,
           ltrim(to_char(reported, 'FM999 999 999')) AS reported,
           ltrim(to_char(never_heard, 'FM999 999 999')) AS never_heard
      FROM counted
)
SELECT registered,
       on_loan || ' av ' || registered AS on_loan,
       can_report || ' av ' || registered AS can_report,
       reported || ' av ' || can_report AS reported,
       never_heard || ' av ' || can_report AS never_heard
  FROM written
