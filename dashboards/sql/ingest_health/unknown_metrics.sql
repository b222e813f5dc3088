-- Names that devices send and no profile knows; their values are kept beside the readings.
SELECT k.title_sv AS class_title, coalesce(m.maker || ' ' || m.name, u.model_key) AS model, u.name, u.times, u.first_seen,
       u.last_seen,
       d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       d.device_id
  FROM unknown_metric u
  JOIN device_class k ON k.name = u.device_class
  LEFT JOIN device_model m USING (model_key)
  LEFT JOIN device d USING (device_no)
 ORDER BY u.last_seen DESC
 LIMIT 100
