-- Devices of one class, those heard latest first. ARRAY[...] stays valid SQL when nothing is chosen, where IN () would not.
SELECT d.device_id AS __value,
       d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS __text
  FROM device d
  LEFT JOIN payer p USING (payer_id)
  LEFT JOIN device_state_seen s USING (device_no)
 WHERE d.device_class = '<<device_class>>'
   AND d.stock_state NOT IN ('scrapped', 'lost')
   AND ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR p.code = ANY (ARRAY[${payer:sqlstring}]::text[]))
   AND ('__all' = ANY (ARRAY[${model:sqlstring}]::text[]) OR d.model_key = ANY (ARRAY[${model:sqlstring}]::text[]))
   AND strpos(lower(d.individual_number), lower(${search:sqlstring})) > 0
 ORDER BY s.last_seen_at DESC NULLS LAST, d.individual_number
 LIMIT 200
