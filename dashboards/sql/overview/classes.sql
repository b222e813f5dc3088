-- One row per class: how many there are and can report, what is wrong. Where none can report, faults and alarms are unknown, not zero.
WITH <<chosen>>,
state AS (
    SELECT c.device_class,
           count(*) AS registered,
           count(c.loan_started_at) AS on_loan,
           count(c.enrolled_at) AS can_report,
           count(*) FILTER (WHERE c.enrolled_at IS NOT NULL AND s.last_seen_at > now() - interval '24 hours') AS reported
      FROM chosen c
      LEFT JOIN device_state_seen s USING (device_no)
     GROUP BY c.device_class
),
faulty AS (
    SELECT c.device_class, count(DISTINCT a.device_no) AS devices
      FROM device_fault a
      JOIN chosen c USING (device_no)
      LEFT JOIN fault_code f ON f.code = a.fault_code
     WHERE a.cleared_at IS NULL AND (f.code IS NULL OR f.audience = 'technical')
     GROUP BY c.device_class
),
alarmed AS (
    SELECT c.device_class, count(*) AS alarms, count(*) FILTER (WHERE a.taken_at IS NULL) AS not_taken
      FROM alarm a
      JOIN chosen c USING (device_no)
     WHERE a.cleared_at IS NULL
     GROUP BY c.device_class
)
SELECT s.device_class, k.title_sv AS class_title, s.registered,
       s.on_loan || ' av ' || s.registered AS on_loan,
       s.can_report || ' av ' || s.registered AS can_report,
       s.reported || ' av ' || s.can_report AS reported,
       CASE WHEN s.can_report > 0 THEN coalesce(f.devices, 0) || ' av ' || s.can_report ELSE 'okänt' END AS faulty,
       CASE WHEN s.can_report > 0 THEN coalesce(a.alarms, 0)::text ELSE 'okänt' END AS alarms,
       CASE WHEN s.can_report > 0 THEN coalesce(a.not_taken, 0)::text ELSE 'okänt' END AS not_taken
  FROM state s
  JOIN device_class k ON k.name = s.device_class
  LEFT JOIN faulty f USING (device_class)
  LEFT JOIN alarmed a USING (device_class)
 ORDER BY k.title_sv
