-- The alarms that the dashboard is about: raised in the period, of the chosen payers and classes. Without device and person.
journeys AS MATERIALIZED (
    SELECT *
      FROM alarm_journeys($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
     WHERE ('__all' = ANY (ARRAY[${payer:sqlstring}]::text[]) OR payer = ANY (ARRAY[${payer:sqlstring}]::text[]))
       AND ('__all' = ANY (ARRAY[${device_class:sqlstring}]::text[])
            OR device_class = ANY (ARRAY[${device_class:sqlstring}]::text[]))
)
