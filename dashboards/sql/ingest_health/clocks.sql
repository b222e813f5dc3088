-- Rows whose device clock was not believed, by kind, in the sample.
WITH <<arrived>>
SELECT $__timeGroup(received_at, $__interval) AS time, kind AS metric, count(*) AS value
  FROM arrived
 WHERE clock_corrected
 GROUP BY 1, 2
 ORDER BY 1, 2
