-- Seconds from the device's event to first send, delivery and taken; alarms known late are counted in `of` of none of them.
WITH <<journeys>>,
legs AS (
    SELECT place, leg, seconds
      FROM journeys
     CROSS JOIN LATERAL (VALUES (1, 'sent', to_sent), (2, 'delivered', to_delivered), (3, 'taken', to_taken)) AS l (place, leg, seconds)
     WHERE NOT late AND seconds IS NOT NULL
)
SELECT leg,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS high,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS highest,
       count(*) || ' av ' || (SELECT count(*) FROM journeys WHERE NOT late) AS of
  FROM legs
 GROUP BY place, leg
 ORDER BY place
