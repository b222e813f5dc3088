-- Device classes to choose among.
SELECT name AS __value, title_sv AS __text FROM device_class ORDER BY title_sv
