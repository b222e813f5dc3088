-- The canary's latest journeys.
SELECT jammed_at, outcome, to_raised, to_sent, to_delivered
  FROM canary_journeys($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
 ORDER BY jammed_at DESC
 LIMIT 200
