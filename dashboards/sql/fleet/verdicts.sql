-- How many devices have each verdict, of all that are registered, and what they cost a month.
WITH <<chosen>>,
<<judged>>
SELECT w.verdict,
       count(j.device_no) AS devices,
       count(j.device_no) || ' av ' || (SELECT count(*) FROM judged) AS share,
       CASE WHEN w.verdict <> 'in_stock' THEN sum(j.rent_sek) END AS rent_sek
  FROM unnest(ARRAY['used', 'unused', 'never_started', 'replaced', 'too_early', 'absent', 'silent', 'source_lost', 'never_connected',
             'cannot_report', 'not_judged', 'in_stock'])
           WITH ORDINALITY AS w(verdict, place)
  LEFT JOIN judged j USING (verdict)
 GROUP BY w.verdict, w.place
 ORDER BY w.place
