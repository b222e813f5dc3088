-- Devices proven unused, the longest first; those of which nothing is known are counted in fleet/verdicts, never here.
WITH <<chosen>>,
<<judged>>
SELECT j.step, j.verdict, k.title_sv AS class_title,
       j.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = j.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       j.device_id, m.maker || ' ' || m.name AS model,
       p.name AS payer, j.days, j.since::timestamp AT TIME ZONE 'Europe/Stockholm' AS since, j.rent_sek
  FROM judged j
  JOIN device_class k ON k.name = j.device_class
  JOIN device_model m USING (model_key)
  LEFT JOIN payer p USING (payer_id)
 WHERE j.verdict IN ('unused', 'never_started', 'replaced')
 ORDER BY array_position(ARRAY['propose', 'contact', 'note', 'none'], j.step), j.days DESC, j.individual_number
 LIMIT 100
