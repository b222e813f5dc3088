-- name: accounts
SELECT * FROM accounts_seen()

-- name: add_account
SELECT add_account_in_scope(%(login)s, %(hash)s, %(role)s, %(care_unit)s, %(payers)s, %(frames)s, %(audiences)s) AS outcome

-- name: change_account
SELECT change_account_in_scope(%(login)s, %(hash)s, %(role)s, %(care_unit)s, %(every_payer)s, %(payers)s, %(frames)s, %(audiences)s,
                               %(shut)s) AS outcome

-- name: payers_in_scope
-- Those of the caller's own scope: nobody hands out more than they have.
SELECT code, name FROM payer WHERE payer_id = ANY (scope_payers()) ORDER BY kind, code

-- name: ladders
SELECT * FROM ladders_seen()

-- name: recipients
SELECT * FROM recipients_seen()

-- name: set_ladder
SELECT set_ladder(%(code)s, %(document)s, %(version)s, %(by)s) AS was_set

-- name: prices
SELECT m.model_key, m.device_class, m.maker, m.name, p.valid_from, p.rent_sek::float8 AS rent_sek
  FROM device_model m LEFT JOIN model_price p USING (model_key)
 ORDER BY m.device_class, m.maker, m.name, m.model_key, p.valid_from DESC

-- name: set_price
SELECT set_price(%(model)s, %(begins)s, %(rent)s) AS was_set

-- name: find_device
-- By its id or the number painted on it.
SELECT d.device_no, d.device_id, d.individual_number,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d WHERE d.device_id = %(text)s OR d.individual_number = %(text)s ORDER BY d.device_no LIMIT 1

-- name: audit
-- The newest first. Lists, which belong to nobody alone, are seen by whoever sees the whole installation.
SELECT a.audit_id, a.at, a.actor, a.role, a.care_unit, a.action, d.device_id, d.individual_number,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held,
       coalesce(jsonb_array_length(CASE WHEN jsonb_typeof(a.detail -> 'devices') = 'array' THEN a.detail -> 'devices' END), 0) AS listed
  FROM audit a LEFT JOIN device d USING (device_no)
 WHERE {conditions}
 ORDER BY a.audit_id DESC LIMIT %(limit)s

-- name: audit_of_device
-- The same of one device, the lists that named it among them.
SELECT a.audit_id, a.at, a.actor, a.role, a.care_unit, a.action, d.device_id, d.individual_number, a.listed,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM audit_of_device(%(device_no)s) a LEFT JOIN device d USING (device_no)
 WHERE {conditions}
 ORDER BY a.audit_id DESC LIMIT %(limit)s

-- name: audit_lines
SELECT a.audit_id, a.at, a.actor, a.role, a.care_unit, a.action, d.device_id, d.individual_number,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM audit a LEFT JOIN device d USING (device_no) WHERE a.audit_id = ANY (%(ids)s)

-- name: draw_review
SELECT draw_review(%(by)s, %(since)s, %(until)s, %(wanted)s) AS review_id

-- name: reviews
SELECT * FROM reviews_seen()

-- name: review_drawn
-- Whether a sample was drawn at all: where nothing was to be drawn it has no lines. Among those that the list of samples shows.
SELECT review_id FROM reviews_seen() WHERE review_id = %(review_id)s

-- name: review_lines
SELECT * FROM review_lines(%(review_id)s)

-- name: judge
SELECT judge_read(%(review_id)s, %(line)s, %(judgement)s, %(note)s, %(by)s) AS was_taken

-- name: pipeline
-- A row for each ingest shard and concern; the judgement is the view's.
SELECT shard, concern, state, since, until, amount FROM pipeline_health

-- name: services
SELECT part, state, since, amount FROM services_health()

-- name: refused
-- What could not be stored as what it claims to be, of the caller's scope, in seven days.
SELECT reason, sum(times)::bigint AS times, count(*) AS kinds, min(received_at) AS since, max(last_at) AS last_at
  FROM quarantine WHERE last_at > now() - interval '7 days' GROUP BY reason ORDER BY times DESC LIMIT 30
