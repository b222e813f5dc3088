-- Fault codes that no profile knows, by class and native system, with how many devices sent them.
SELECT k.title_sv AS class_title, a.system, a.code,
       count(DISTINCT a.device_no) || ' av ' || max(n.can_report) AS devices,
       sum(a.times) AS times, min(a.raised_at) AS first_seen, max(a.last_seen_at) AS last_seen
  FROM device_fault a
  JOIN device d USING (device_no)
  JOIN device_class k ON k.name = d.device_class
  JOIN (SELECT device_class, count(enrolled_at) AS can_report FROM device GROUP BY device_class) AS n
    ON n.device_class = d.device_class
 WHERE a.fault_code IS NULL
 GROUP BY k.title_sv, a.system, a.code
 ORDER BY last_seen DESC
 LIMIT 100
