-- Per payer, area and cause: how many, how fast, taken by somebody, and what people said of them; the most first.
WITH <<journeys>>
SELECT coalesce(payer, 'i förråd') AS payer,
       CASE WHEN area = '' THEN 'hela' ELSE area END AS area,
       title AS cause,
       count(*) AS alarms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY to_sent) FILTER (WHERE NOT late) AS sent_middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY to_sent) FILTER (WHERE NOT late) AS sent_high,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY to_sent) FILTER (WHERE NOT late) AS sent_highest,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY to_delivered) FILTER (WHERE NOT late) AS delivered_high,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY to_taken) FILTER (WHERE NOT late) AS taken_middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY to_taken) FILTER (WHERE NOT late) AS taken_high,
       count(to_taken) || ' av ' || count(*) AS taken,
       count(*) FILTER (WHERE verdict = 'true') || ' av ' || count(*) FILTER (WHERE verdict IN ('true', 'false')) AS precision
  FROM journeys
 GROUP BY payer, area, rule, title
 ORDER BY count(*) DESC, payer, area, title
 LIMIT 500
