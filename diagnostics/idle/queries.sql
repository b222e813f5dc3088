-- name: idle
-- Longest unused first; the price is the newest that has begun.
SELECT j.*, p.code AS payer_code, p.name AS payer_name, price.rent_sek
  FROM ({judged}) j
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN LATERAL (SELECT rent_sek FROM model_price m WHERE m.model_key = j.model_key AND m.valid_from <= %(today)s
                      ORDER BY m.valid_from DESC LIMIT 1) price ON true
 WHERE j.verdict = ANY (%(verdicts)s::text[])
   AND (%(step)s::text IS NULL OR j.step = %(step)s)
   AND (%(device_class)s::text IS NULL OR j.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
   AND (%(after_since)s::date IS NULL OR (coalesce(j.since, date '9999-12-31'), j.device_no) > (%(after_since)s, %(after_device)s))
 ORDER BY coalesce(j.since, date '9999-12-31'), j.device_no
 LIMIT %(limit)s

-- name: summary
-- The denominators: every device in scope by verdict and step, with what it costs a month.
SELECT j.verdict, j.step, count(*) AS devices, coalesce(sum(price.rent_sek), 0) AS rent_sek
  FROM ({judged}) j
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN LATERAL (SELECT rent_sek FROM model_price m WHERE m.model_key = j.model_key AND m.valid_from <= %(today)s
                      ORDER BY m.valid_from DESC LIMIT 1) price ON true
 WHERE (%(device_class)s::text IS NULL OR j.device_class = %(device_class)s)
   AND (%(payer)s::text IS NULL OR p.code = %(payer)s)
 GROUP BY 1, 2
