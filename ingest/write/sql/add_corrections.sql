-- Counted by the caller: fewer rows than sent means that another process was faster, and the batch is settled anew.
INSERT INTO clock_correction (device_no, boot, seq, device_milliseconds, ts)
SELECT * FROM unnest(%b, %b, %b, %b, %b)
ON CONFLICT DO NOTHING
