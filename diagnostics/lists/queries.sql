-- name: units
-- Prescriber units with cases to answer, most first: who is to be written to.
SELECT r.code AS prescriber_code, r.unit_name AS prescriber_unit, p.code AS payer_code, p.name AS payer_name, count(*) AS cases,
       coalesce(sum(c.rent_sek), 0) AS rent_sek
  FROM recall_case c
  JOIN payer p USING (payer_id)
  JOIN prescriber r ON r.prescriber_id = c.prescriber_id
 WHERE c.state IN ('proposed', 'asked')
 GROUP BY 1, 2, 3, 4
 ORDER BY cases DESC, 1, 3

-- name: unit
SELECT unit_name FROM prescriber WHERE code = %(prescriber)s

-- name: add_run
INSERT INTO import_run (import_id, kind, file_name, file_sha256, actor, at, taken, unchanged, refused)
VALUES (%(import_id)s, 'answers', %(file_name)s, %(file_sha256)s, %(actor)s, %(now)s, %(taken)s, %(unchanged)s, %(refused)s)

-- name: add_refusals
INSERT INTO import_refusal (import_id, row_no, reason, cells)
SELECT %(import_id)s, * FROM unnest(%(rows)s::integer[], %(reasons)s::text[], %(cells)s::jsonb[])
