-- Per Swedish day: seconds from the device's event to <<leg>>.
WITH <<journeys>>
SELECT day AS time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY <<leg>>) AS middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY <<leg>>) AS high,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY <<leg>>) AS highest,
       count(*) AS alarms
  FROM journeys
 WHERE NOT late AND <<leg>> IS NOT NULL
 GROUP BY day
 ORDER BY day
