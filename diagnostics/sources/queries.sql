-- name: sources
-- Each source with its devices on loan in scope, and the outage that is not over.
SELECT c.source_id, c.code, c.title, c.kind, coalesce(n.devices, 0) AS devices, coalesce(n.can_report, 0) AS can_report,
       coalesce(n.heard, 0) AS heard, coalesce(n.ever_heard, 0) AS ever_heard, coalesce(n.lost, 0) AS lost, n.last_heard,
       o.from_day AS outage_since, o.reason AS outage_reason, o.noted_by AS outage_noted_by
  FROM data_source c
  LEFT JOIN (
       SELECT u.source_id, count(*) AS devices, count(d.enrolled_at) AS can_report,
              count(*) FILTER (WHERE d.enrolled_at IS NOT NULL AND s.last_seen_at > %(now)s::timestamptz - interval '24 hours') AS heard,
              count(*) FILTER (WHERE d.enrolled_at IS NOT NULL AND s.last_seen_at IS NOT NULL) AS ever_heard,
              count(*) FILTER (WHERE v.verdict = 'source_lost') AS lost, max(s.last_seen_at) AS last_heard
         FROM loan_use u
         JOIN loan l ON l.loan_id = u.loan_id AND l.ended_at IS NULL
         JOIN device d ON d.device_no = u.device_no
         LEFT JOIN device_state s ON s.device_no = u.device_no
         LEFT JOIN idle_verdict v ON v.device_no = u.device_no AND v.loan_started_at IS NOT DISTINCT FROM d.loan_started_at
        GROUP BY 1) n USING (source_id)
  LEFT JOIN LATERAL (
       SELECT from_day, reason, noted_by FROM source_outage x
        WHERE x.source_id = c.source_id AND x.from_day <= %(today)s AND (x.until_day IS NULL OR x.until_day >= %(today)s)
        ORDER BY from_day DESC LIMIT 1) o ON true
 WHERE (%(code)s::text IS NULL OR c.code = %(code)s)
 ORDER BY c.code

-- name: outages
SELECT x.from_day, x.until_day, x.reason, x.noted_by, x.noted_at
  FROM source_outage x
 WHERE x.source_id = %(source_id)s
 ORDER BY x.from_day DESC
 LIMIT 50

-- name: keep
INSERT INTO data_source (code, title, kind) VALUES (%(code)s, %(title)s, %(kind)s)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, kind = excluded.kind

-- name: begin_outage
INSERT INTO source_outage (source_id, from_day, reason, noted_by, noted_at)
VALUES (%(source_id)s, %(from_day)s, %(reason)s, %(by)s, %(now)s)
ON CONFLICT (source_id, from_day) DO UPDATE SET until_day = NULL, reason = excluded.reason

-- name: end_outage
UPDATE source_outage SET until_day = greatest(from_day, %(until_day)s)
 WHERE source_id = %(source_id)s AND until_day IS NULL
