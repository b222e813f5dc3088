-- The map of payers as a table: devices with denominators, money, and how far their recall cases have come.
WITH <<chosen>>,
<<cases>>,
counted AS (
    SELECT payer_id, payer_name, payer_kind, <<counted>>
      FROM chosen
     WHERE payer_id IS NOT NULL
     GROUP BY payer_id, payer_name, payer_kind
),
told AS (
    SELECT payer_id,
           count(*) FILTER (WHERE state NOT IN ('needed', 'parts', 'scrapped', 'in_stock', 'lost', 'woken_up', 'withdrawn')) AS open,
           count(*) FILTER (WHERE state IN ('proposed', 'asked') AND NOT (needed OR woken OR confirmed)) AS waiting,
           count(*) FILTER (WHERE needed OR woken) AS wrong,
           count(*) FILTER (WHERE needed OR woken OR confirmed) AS answered
      FROM cases
     GROUP BY payer_id
)
SELECT c.payer_name AS payer,
       CASE c.payer_kind WHEN 'municipality' THEN 'Kommun' ELSE 'Region' END AS kind,
       c.on_loan,
       c.can_report || ' av ' || c.on_loan AS can_report,
       c.known || ' av ' || c.can_report AS known,
       c.unused || ' av ' || c.known AS unused,
       c.proposed,
       c.saving_sek,
       12 * c.saving_sek AS saving_year_sek,
       c.cost_sek,
       coalesce(t.open, 0) AS open_cases,
       coalesce(t.waiting, 0) AS waiting,
       CASE WHEN t.answered > 0 THEN t.wrong || ' av ' || t.answered ELSE 'okänt' END AS wrong
  FROM counted c
  LEFT JOIN told t USING (payer_id)
 WHERE c.on_loan > 0
 ORDER BY c.saving_sek DESC, c.payer_name
