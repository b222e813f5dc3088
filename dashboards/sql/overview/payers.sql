-- Per payer: devices on loan, how many can be judged, how many are proven unused, and the month's rent of those.
WITH <<chosen>>,
<<judged>>
SELECT p.name AS payer,
       count(*) AS on_loan,
       count(*) FILTER (WHERE verdict IN ('used', 'unused', 'never_started', 'replaced', 'too_early', 'absent')) || ' av ' || count(*) AS known,
       count(*) FILTER (WHERE verdict IN ('unused', 'never_started', 'replaced')) || ' av '
           || count(*) FILTER (WHERE verdict IN ('used', 'unused', 'never_started', 'replaced', 'too_early', 'absent')) AS unused,
       count(*) FILTER (WHERE step = 'propose') AS proposed,
       sum(rent_sek) FILTER (WHERE step = 'propose') AS rent_sek
  FROM judged j
  JOIN payer p USING (payer_id)
 WHERE verdict <> 'in_stock'
 GROUP BY p.name
 ORDER BY rent_sek DESC NULLS LAST, p.name
