-- name: devices
-- The devices of a list, as far as the caller sees them, with what each kind of row needs.
SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.stock_state, d.loan_started_at, l.loan_id, p.placement_id,
       p.placed_on, b.code AS store
  FROM device d
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
  LEFT JOIN buffer_placement p ON p.device_no = d.device_no AND p.taken_on IS NULL
  LEFT JOIN buffer_store b USING (store_id)
 WHERE d.individual_number = ANY (%(numbers)s::text[])

-- name: facts
SELECT u.prescribed_interval_days, u.borrower_key, c.code AS source, o.individual_number AS replaced_by, r.from_day AS replaced_from
  FROM loan l
  LEFT JOIN loan_use u USING (loan_id)
  LEFT JOIN data_source c USING (source_id)
  LEFT JOIN device_replacement r USING (loan_id)
  LEFT JOIN device o ON o.device_no = r.replaced_by
 WHERE l.loan_id = %(loan_id)s

-- name: own_order
-- A repair that our own work orders have already.
SELECT EXISTS (SELECT FROM work_order WHERE device_no = %(device_no)s AND order_id::text = %(reference)s) AS ours

-- name: repair
INSERT INTO device_repair (device_no, done_on, reference, cause, minutes_spent, cost_sek, noted_by, noted_at)
VALUES (%(device_no)s, %(done_on)s, %(reference)s, %(cause)s, %(minutes_spent)s, %(cost_sek)s, %(by)s, %(now)s)
ON CONFLICT (device_no, reference) DO NOTHING

-- name: add_run
INSERT INTO import_run (import_id, kind, file_name, file_sha256, actor, at, taken, unchanged, refused)
VALUES (%(import_id)s, %(kind)s, %(file_name)s, %(file_sha256)s, %(actor)s, %(now)s, %(taken)s, %(unchanged)s, %(refused)s)

-- name: add_refusals
INSERT INTO import_refusal (import_id, row_no, reason, cells)
SELECT %(import_id)s, * FROM unnest(%(rows)s::integer[], %(reasons)s::text[], %(cells)s::jsonb[])
