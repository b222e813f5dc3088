-- How far behind each ingest shard is: up to when it has stored everything it received.
SELECT shard,
       CASE
           WHEN now() - at < interval '30 seconds' THEN 'in_step'
           WHEN now() - at < interval '5 minutes' THEN 'behind'
           ELSE 'standing'
       END AS pace,
       extract(epoch FROM now() - at) AS age,
       at
  FROM ingest_watermark
 ORDER BY at
