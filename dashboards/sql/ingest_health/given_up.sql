-- Devices that lost messages for want of memory, by what their latest birth message said.
SELECT d.individual_number
       || CASE WHEN EXISTS (SELECT FROM incident_hold h WHERE h.device_no = d.device_no AND h.lifted_at IS NULL) THEN ' ⛒' ELSE '' END AS individual_number,
       d.device_id, (s.attributes ->> 'outbox.given_up')::numeric AS given_up, s.last_seen_at AS heard
  FROM device_state_seen s
  JOIN device d USING (device_no)
 WHERE s.attributes ->> 'outbox.given_up' ~ '^[0-9]{1,15}$' AND s.attributes ->> 'outbox.given_up' !~ '^0+$'
 ORDER BY given_up DESC
 LIMIT 100
