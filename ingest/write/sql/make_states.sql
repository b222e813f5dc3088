-- The row of current state of devices that are heard for the first time.
INSERT INTO device_state (device_no) SELECT unnest(%b) ON CONFLICT DO NOTHING
