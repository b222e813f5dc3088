-- Models of one class.
SELECT model_key AS __value, maker || ' ' || name AS __text
  FROM device_model
 WHERE device_class = '<<device_class>>'
 ORDER BY __text
