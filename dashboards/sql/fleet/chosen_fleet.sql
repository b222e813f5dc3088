-- The devices that the overview is about: not scrapped or lost, of the chosen payers and classes.
chosen AS MATERIALIZED (
    SELECT d.device_no, d.device_id, d.individual_number, d.device_class, d.model_key, d.payer_id, d.enrolled_at,
           d.loan_started_at
      FROM device d
      LEFT JOIN payer p USING (payer_id)
     WHERE d.stock_state NOT IN ('scrapped', 'lost')
       AND ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR p.code = ANY (ARRAY[${payer:sqlstring}]::text[]))
       AND ('__all' = ANY (ARRAY[${device_class:sqlstring}]::text[])
            OR d.device_class = ANY (ARRAY[${device_class:sqlstring}]::text[]))
)
