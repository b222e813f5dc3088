-- Rows with technical content of a fixed random sample of devices that arrived in the time range. A row more than a day under way
-- is not looked for here (its chunk would have to be read whole).
picked AS MATERIALIZED (
    SELECT device_no FROM device WHERE enrolled_at IS NOT NULL ORDER BY md5(device_id) LIMIT ${sample:raw}
),
arrived AS (
<<sources>>
)
