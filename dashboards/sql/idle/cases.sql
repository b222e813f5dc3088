-- Recall cases of the chosen payers and classes, each with how it was answered; use during a case counts as an answer.
cases AS MATERIALIZED (
    SELECT c.case_id, c.payer_id, c.device_class, c.state, c.rent_sek, c.changed_at, c.pick_up_by, c.deregister_by, c.rent_stops,
           coalesce(t.needed, false) AS needed, coalesce(t.woken, false) AS woken, coalesce(t.confirmed, false) AS confirmed
      FROM recall_case c
      LEFT JOIN payer p USING (payer_id)
      LEFT JOIN (SELECT case_id, bool_or(action = 'need') AS needed, bool_or(action = 'wake_up') AS woken,
                        bool_or(action = 'confirm') AS confirmed
                   FROM recall_transition
                  GROUP BY case_id) t USING (case_id)
     WHERE ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR p.code = ANY (ARRAY[${payer:sqlstring}]::text[]))
       AND ('__all' = ANY (ARRAY[${device_class:sqlstring}]::text[])
            OR c.device_class = ANY (ARRAY[${device_class:sqlstring}]::text[]))
)
