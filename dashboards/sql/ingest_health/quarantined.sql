-- Refused messages by reason and by when each was first seen; the same bytes arriving again count each time, at the first time.
SELECT $__timeGroup(q.received_at, $__interval) AS time, coalesce(w.word, q.reason) AS metric, sum(q.times) AS value
  FROM quarantine q
  LEFT JOIN (VALUES <<reasons>>) AS w(reason, word) USING (reason)
 WHERE $__timeFilter(q.received_at)
 GROUP BY 1, 2
 ORDER BY 1, 2
