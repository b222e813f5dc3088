-- The centre's picture in one line: of how many, how much is known, what is proven, what it costs and would save.
WITH <<chosen>>,
counted AS (
    SELECT <<counted>>
      FROM chosen
)
SELECT ltrim(to_char(can_report, 'FM999 999 999')) || ' av ' || ltrim(to_char(on_loan, 'FM999 999 999')) || ' utlånade' AS can_report,
       ltrim(to_char(known, 'FM999 999 999')) || ' av ' || ltrim(to_char(can_report, 'FM999 999 999')) AS known,
       ltrim(to_char(unused, 'FM999 999 999')) || ' av ' || ltrim(to_char(known, 'FM999 999 999')) || ' bedömda' AS unused,
       ltrim(to_char(on_loan - known, 'FM999 999 999')) || ' av ' || ltrim(to_char(on_loan, 'FM999 999 999')) AS unknown,
       ltrim(to_char(saving_sek, 'FM999 999 999 999')) || ' kr för ' || proposed || ' st' AS saving,
       ltrim(to_char(12 * saving_sek, 'FM999 999 999 999')) || ' kr' AS saving_year,
       ltrim(to_char(cost_sek, 'FM999 999 999 999')) || ' kr' AS cost,
       (SELECT max(judged_at) FROM idle_run) AS judged_at
  FROM counted
 WHERE groups > 0
