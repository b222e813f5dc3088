-- One kind of row, as part of ingest_health/arrived.
SELECT '<<title>>' AS kind, device_no, ts, received_at, clock_corrected
  FROM <<relation>>
 WHERE device_no = ANY (ARRAY(SELECT device_no FROM picked))
   AND ts BETWEEN $__timeFrom()::timestamptz - interval '1 day' AND $__timeTo()::timestamptz + interval '1 hour'
   AND $__timeFilter(received_at)
