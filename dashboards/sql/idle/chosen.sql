-- What the latest run of verdicts counted, of the chosen payers and classes; every device is in exactly one row of it.
chosen AS MATERIALIZED (
    SELECT f.*, p.name AS payer_name, p.kind AS payer_kind
      FROM idle_figure f
      LEFT JOIN payer p USING (payer_id)
     WHERE ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR p.code = ANY (ARRAY[${payer:sqlstring}]::text[]))
       AND ('__all' = ANY (ARRAY[${device_class:sqlstring}]::text[])
            OR f.device_class = ANY (ARRAY[${device_class:sqlstring}]::text[]))
)
