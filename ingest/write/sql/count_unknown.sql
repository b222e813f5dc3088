INSERT INTO unknown_metric AS u (device_class, model_key, name, device_no, times, first_seen, last_seen)
SELECT i.*, %(received_at)s, %(received_at)s
  FROM unnest(%(device_class)b, %(model_key)b, %(name)b, %(device_no)b, %(times)b) AS i
ON CONFLICT (device_class, model_key, name)
DO UPDATE SET device_no = excluded.device_no, times = u.times + excluded.times, last_seen = excluded.last_seen
