-- What came after the end is kept beside it, and traced; the state stays.
WITH marked AS (
    UPDATE command SET late = true, late_status = %(status)s, late_at = %(received_at)s
     WHERE command_id = %(command_id)s AND late_status IS DISTINCT FROM %(status)s
    RETURNING command_id, state
)
INSERT INTO command_transition (command_id, state, reason) SELECT command_id, state, %(reason)s FROM marked
