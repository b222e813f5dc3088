-- Model and firmware as the device itself told them.
UPDATE device AS d
   SET model_key = i.model_key, firmware = i.firmware
  FROM unnest(%b, %b, %b) AS i (device_no, model_key, firmware)
 WHERE d.device_no = i.device_no AND (d.model_key, d.firmware) IS DISTINCT FROM (i.model_key, i.firmware)
