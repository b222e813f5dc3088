-- The present of every technical metric: how many of those that can report have sent it lately and ever, and the newest values.
WITH <<chosen>>,
known AS (
    SELECT v.key, to_timestamp((v.value ->> 1)::bigint / 1000.0) AS at,
           CASE jsonb_typeof(v.value -> 0)
               WHEN 'number' THEN (v.value ->> 0)::double precision
               WHEN 'boolean' THEN (v.value ->> 0)::boolean::integer
           END AS value
      FROM chosen c
      JOIN device_state_seen s USING (device_no)
      CROSS JOIN LATERAL jsonb_each(s.metric_values) AS v
     WHERE c.enrolled_at IS NOT NULL
)
SELECT m.title_sv AS metric, m.unit,
       count(k.key) FILTER (WHERE k.at > now() - interval '24 hours') || ' av ' || n.can_report AS lately,
       count(k.key) || ' av ' || n.can_report AS ever,
       percentile_cont(0.05) WITHIN GROUP (ORDER BY k.value) AS low,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY k.value) AS middle,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY k.value) AS high,
       max(k.at) AS newest
  FROM metric m
 CROSS JOIN (SELECT count(enrolled_at) AS can_report FROM chosen) AS n
  LEFT JOIN known k USING (key)
 WHERE m.device_class = '<<device_class>>' AND m.audience = 'technical'
 GROUP BY m.title_sv, m.unit, n.can_report
 ORDER BY m.title_sv
