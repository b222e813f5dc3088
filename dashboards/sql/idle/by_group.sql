-- Devices and money by one thing the register knows of them, the largest saving first.
WITH <<chosen>>,
named AS (
    SELECT chosen.*, <<group>> AS name
      FROM chosen
      LEFT JOIN device_class k ON k.name = chosen.device_class
      LEFT JOIN prescriber r USING (prescriber_id)
      LEFT JOIN depot o USING (depot_id)
),
counted AS (
    SELECT name, <<counted>>
      FROM named
     GROUP BY name
)
SELECT coalesce(name, 'Saknas i registret') AS name, on_loan,
       can_report || ' av ' || on_loan AS can_report,
       known || ' av ' || can_report AS known,
       unused || ' av ' || known AS unused,
       proposed, saving_sek, 12 * saving_sek AS saving_year_sek, cost_sek
  FROM counted
 WHERE on_loan > 0
 ORDER BY saving_sek DESC, name
 LIMIT 500
