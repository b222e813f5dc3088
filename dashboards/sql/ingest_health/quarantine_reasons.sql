-- Refused messages in the time range by reason: how many, from how many devices, and what to do, from the newest one.
SELECT q.reason, count(*) AS messages, sum(q.times) AS times,
       count(DISTINCT q.device_no) || ' av ' || (SELECT count(enrolled_at) FROM device) AS devices,
       max(q.last_at) AS newest,
       (array_agg(q.advice ORDER BY q.last_at DESC))[1] AS advice
  FROM quarantine q
 WHERE $__timeFilter(q.received_at)
 GROUP BY q.reason
 ORDER BY times DESC
