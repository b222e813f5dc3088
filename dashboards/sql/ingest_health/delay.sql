-- From the device's clock to the platform's, in seconds; rows whose device clock was not believed have no such delay.
WITH <<arrived>>
SELECT $__timeGroup(received_at, $__interval) AS time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - ts)) AS middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - ts)) AS high,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - ts)) AS highest,
       count(DISTINCT device_no) AS devices
  FROM arrived
 WHERE clock_corrected IS NOT TRUE
 GROUP BY 1
 ORDER BY 1
