UPDATE device_state AS s
   SET attributes = i.attributes
  FROM unnest(%b, %b) AS i (device_no, attributes)
 WHERE s.device_no = i.device_no AND s.attributes IS DISTINCT FROM i.attributes
