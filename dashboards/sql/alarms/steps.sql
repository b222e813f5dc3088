-- At which step of its ladder an alarm stood when somebody took it; of all that were taken after a call.
WITH <<journeys>>,
taken AS (
    SELECT step, count(*) AS taken FROM journeys WHERE step IS NOT NULL GROUP BY step
)
SELECT 'Steg ' || step + 1 AS step,
       taken,
       round(100.0 * taken / sum(taken) OVER (), 1) AS share,
       taken || ' av ' || sum(taken) OVER () AS of
  FROM taken
 ORDER BY taken.step
