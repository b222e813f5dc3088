-- What proven non-use costs a month, beside how many could be judged and how many could not.
WITH <<chosen>>,
<<judged>>,
counted AS (
    SELECT count(*) FILTER (WHERE verdict <> 'in_stock') AS on_loan,
           count(*) FILTER (WHERE verdict IN ('used', 'unused', 'never_started', 'replaced', 'too_early', 'absent')) AS known,
           count(*) FILTER (WHERE verdict IN ('silent', 'source_lost', 'never_connected', 'cannot_report', 'not_judged')) AS unknown,
           count(*) FILTER (WHERE verdict IN ('unused', 'never_started', 'replaced')) AS unused,
           count(*) FILTER (WHERE step = 'propose') AS proposed,
           sum(rent_sek) FILTER (WHERE step = 'propose') AS rent
      FROM judged
)
SELECT CASE WHEN known = 0 THEN 'inget bedömt än' ELSE unused || ' av ' || known || ' bedömda' END AS unused,
       unknown || ' av ' || on_loan || ' utlånade' AS unknown,
       CASE WHEN known = 0 THEN 'inget bedömt än' ELSE proposed || ' av ' || known || ' bedömda' END AS proposed,
       ltrim(to_char(rent, 'FM999 999 999')) || ' kr' AS rent
  FROM counted
