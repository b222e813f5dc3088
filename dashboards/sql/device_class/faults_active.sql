-- Active faults by code, the worst first, with how many devices have each and what to do.
WITH <<chosen>>
SELECT coalesce(f.severity, 'unknown') AS severity,
       coalesce(f.code, a.system || ' ' || a.code) AS code,
       coalesce(f.title_sv, 'Koden är okänd och visas som enheten skrev den') AS fault,
       count(DISTINCT a.device_no) || ' av ' || (SELECT count(enrolled_at) FROM chosen) AS devices,
       min(a.raised_at) AS oldest,
       max(a.last_seen_at) AS newest,
       f.action_sv AS action
  FROM device_fault a
  JOIN chosen c USING (device_no)
  LEFT JOIN fault_code f ON f.code = a.fault_code
 WHERE a.cleared_at IS NULL AND (f.code IS NULL OR f.audience = 'technical')
 GROUP BY f.severity, f.code, f.title_sv, f.action_sv, coalesce(f.code, a.system || ' ' || a.code)
 ORDER BY array_position(ARRAY['critical', 'high', 'warning', NULL, 'info'], f.severity), count(DISTINCT a.device_no) DESC
 LIMIT 200
