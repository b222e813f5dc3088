-- The devices that a class's dashboard is about: of the class, not scrapped or lost, of the chosen payers and models.
chosen AS MATERIALIZED (
    SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, d.payer_id, d.enrolled_at,
           d.loan_started_at
      FROM device d
      LEFT JOIN payer p USING (payer_id)
     WHERE d.device_class = '<<device_class>>'
       AND d.stock_state NOT IN ('scrapped', 'lost')
       AND ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR p.code = ANY (ARRAY[${payer:sqlstring}]::text[]))
       AND ('__all' = ANY (ARRAY[${model:sqlstring}]::text[]) OR d.model_key = ANY (ARRAY[${model:sqlstring}]::text[]))
)
