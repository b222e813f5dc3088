-- name: stores
SELECT b.code, b.title, o.code AS depot, count(p.placement_id)::integer AS devices
  FROM buffer_store b
  LEFT JOIN depot o USING (depot_id)
  LEFT JOIN buffer_placement p ON p.store_id = b.store_id AND p.taken_on IS NULL
 GROUP BY 1, 2, 3
 ORDER BY 1

-- name: depot
SELECT depot_id FROM depot WHERE code = %(depot)s

-- name: keep
INSERT INTO buffer_store (code, title, depot_id) VALUES (%(code)s, %(title)s, %(depot_id)s)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, depot_id = excluded.depot_id

-- name: store
SELECT store_id FROM buffer_store WHERE code = %(code)s

-- name: device
SELECT d.device_no, d.device_id, d.stock_state, d.loan_started_at, p.placement_id, p.placed_on, b.code AS store,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM device d
  LEFT JOIN buffer_placement p ON p.device_no = d.device_no AND p.taken_on IS NULL
  LEFT JOIN buffer_store b USING (store_id)
 WHERE d.device_id = %(device_id)s

-- name: take
UPDATE buffer_placement SET taken_on = greatest(placed_on, %(day)s) WHERE placement_id = %(placement_id)s AND taken_on IS NULL

-- name: place
INSERT INTO buffer_placement (device_no, store_id, placed_on, placed_by) VALUES (%(device_no)s, %(store_id)s, %(day)s, %(by)s)

-- name: use
-- What lies in buffer stores, with its days since `since`; whoever sees only some payers sees no device in store.
SELECT p.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, m.maker, m.name AS model_name, b.code AS store,
       b.title AS store_title, p.placed_on, d.enrolled_at, u.heard, u.used,
       EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) AS held
  FROM buffer_placement p
  JOIN device d USING (device_no)
  JOIN device_model m USING (model_key)
  JOIN buffer_store b USING (store_id)
  LEFT JOIN store_use(%(since)s) u USING (device_no)
 WHERE p.taken_on IS NULL AND (%(store)s::text IS NULL OR b.code = %(store)s)
   AND (%(device_class)s::text IS NULL OR d.device_class = %(device_class)s)
 ORDER BY b.code, d.individual_number
 LIMIT %(limit)s
