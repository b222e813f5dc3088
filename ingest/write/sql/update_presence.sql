-- Who is connected. What is said of an older start of the device than the latest known does not describe the present.
UPDATE device_state AS s
   SET online = i.online,
       online_at = CASE WHEN s.online IS DISTINCT FROM i.online THEN %s ELSE s.online_at END
  FROM unnest(%b, %b, %b) AS i (device_no, boot, online)
 WHERE s.device_no = i.device_no AND i.boot >= coalesce(s.boot, i.boot)
