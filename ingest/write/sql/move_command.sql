-- One step of one command. Only the last step has a result and a time of answer. A step without a word of the device is traced with ours.
WITH moved AS (
    UPDATE command
       SET state = %(state)s, reason = %(reason)s,
           result = CASE WHEN %(final)s THEN %(result)s ELSE result END,
           answered_at = CASE WHEN %(final)s THEN %(received_at)s ELSE answered_at END
     WHERE command_id = %(command_id)s
    RETURNING command_id
)
INSERT INTO command_transition (command_id, state, reason) SELECT command_id, %(state)s, coalesce(nullif(%(reason)s, ''), 'device_said') FROM moved
