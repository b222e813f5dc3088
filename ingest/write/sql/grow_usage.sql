-- Amounts per device and local day that decide nothing about whether the device was used on that day, or where that is known already.
-- {grown} is the sum of old and new amount, or the larger of the two; {begun} the same for what somebody else began meanwhile.
-- Nearly always the day has begun, and an UPDATE alone costs less than INSERT … ON CONFLICT, which locks each row before it changes it. Only
-- where rows were missing they are looked for among those told.
WITH told AS NOT MATERIALIZED (
    SELECT unnest(%(device_no)b) AS device_no, unnest(%(local_day)b) AS local_day, unnest(%(measure)b) AS measure,
           unnest(%(amount)b) AS amount
), grown AS (
    UPDATE usage_day AS u SET amount = {grown}
      FROM told i
     WHERE u.device_no = i.device_no AND u.local_day = i.local_day AND u.measure = i.measure
    RETURNING u.device_no, u.local_day, u.measure
)
INSERT INTO usage_day AS u (device_no, local_day, measure, amount)
SELECT i.* FROM told i
 WHERE (SELECT count(*) FROM grown) < cardinality(%(device_no)b)
   AND (i.device_no, i.local_day, i.measure) NOT IN (SELECT * FROM grown)
ON CONFLICT (device_no, local_day, measure) DO UPDATE SET amount = {begun}
