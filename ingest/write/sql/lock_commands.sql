SELECT command_id::text, device_no, name, state, expires_at
  FROM command
 WHERE command_id = ANY (%s::uuid[])
 ORDER BY command_id
   FOR NO KEY UPDATE
