-- Clock corrections stored earlier for messages at hand.
SELECT c.device_no, c.boot, c.seq, c.device_milliseconds, (extract(epoch FROM c.ts) * 1000)::bigint
  FROM unnest(%b, %b, %b) AS asked (device_no, boot, seq)
  JOIN clock_correction c USING (device_no, boot, seq)
