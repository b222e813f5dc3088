-- The register's answer for device ids: see ingest.register.DeviceRow.
SELECT d.device_id, d.device_no, d.device_class, d.model_key, d.firmware,
       EXISTS (SELECT FROM clock_correction c WHERE c.device_no = d.device_no),
       EXISTS (SELECT FROM device_state s WHERE s.device_no = d.device_no)
  FROM device d
 WHERE d.device_id = ANY (%s)
