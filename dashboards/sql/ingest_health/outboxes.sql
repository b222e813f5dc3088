-- What devices still kept when they asked for a receipt.
SELECT $__timeGroup(minute, $__interval) AS time, sum(outbox_messages) / nullif(sum(outbox_reports), 0) AS middle,
       max(outbox_most) AS most, sum(outbox_reports) AS devices
  FROM ingest_minute
 WHERE $__timeFilter(minute)
 GROUP BY 1
 ORDER BY 1
