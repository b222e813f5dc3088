INSERT INTO quarantine AS q (topic, device_no, reason, advice, boot, seq, payload, payload_bytes, payload_sha256, content_type, times,
                             received_at, last_at)
SELECT i.*, %(received_at)s, %(received_at)s
  FROM unnest(%(topic)b, %(device_no)b, %(reason)b, %(advice)b, %(boot)b, %(seq)b, %(payload)b, %(payload_bytes)b, %(sha256)b,
              %(content_type)b, %(times)b) AS i
ON CONFLICT (topic, payload_sha256, reason, coalesce(boot, -1), coalesce(seq, -1))
DO UPDATE SET times = q.times + excluded.times, last_at = excluded.last_at
