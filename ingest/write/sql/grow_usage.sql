-- Amounts per device and local day that decide nothing about whether the device was used on that day, or where that is known already.
-- {grown} is the sum of old and new amount, or the larger of the two.
INSERT INTO usage_day AS u (device_no, local_day, measure, amount)
SELECT * FROM unnest(%b, %b, %b, %b)
ON CONFLICT (device_no, local_day, measure) DO UPDATE SET amount = {grown}
