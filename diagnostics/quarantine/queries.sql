-- name: search
-- Never the bytes: they may hold anything of anyone.
SELECT q.quarantine_id, q.topic, q.device_no, d.device_id, q.reason, q.advice, q.boot, q.seq, q.payload_bytes, q.content_type,
       q.received_at, q.last_at, q.times
  FROM quarantine q
  LEFT JOIN device d USING (device_no)
 WHERE (%(reason)s::text IS NULL OR q.reason = %(reason)s)
   AND (%(device_id)s::text IS NULL OR d.device_id = %(device_id)s)
   AND (%(after)s::bigint IS NULL OR q.quarantine_id < %(after)s)
 ORDER BY q.quarantine_id DESC
 LIMIT %(limit)s
