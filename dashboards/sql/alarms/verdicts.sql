-- What people said the alarms of each cause were. Unjudged is neither true nor false.
WITH <<journeys>>
SELECT title AS cause,
       count(*) FILTER (WHERE verdict = 'true') AS judged_true,
       count(*) FILTER (WHERE verdict = 'false') AS judged_false,
       count(*) FILTER (WHERE verdict = 'expected') AS judged_expected,
       count(*) FILTER (WHERE verdict IS NULL) AS unjudged
  FROM journeys
 GROUP BY title
 ORDER BY count(*) DESC, title
 LIMIT 20
