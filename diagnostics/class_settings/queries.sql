-- name: in_force
SELECT device_class, kind, name, setting, value FROM class_settings_at(%(moment)s)

-- name: lines
-- Everything ever set for a class, the newest first.
SELECT kind, name, setting, value, valid_from, reason, set_by, set_at FROM class_setting WHERE device_class = %(device_class)s
 ORDER BY valid_from DESC, class_setting_id DESC LIMIT 200

-- name: set
SELECT set_class_settings(%(device_class)s, %(kind)s, %(name)s, %(settings)s, %(values)s::double precision[], %(begins)s, %(reason)s,
                          %(by)s) AS was_set

-- name: estimate
-- Devices proven unused, by the step that they have and the one that other limits would give. A limit that stands above the policy's came
-- from the prescription or the person's own rhythm and stays; where it does not, that rhythm may still hold some back.
WITH proven AS (
    SELECT v.step, v.days,
           greatest(%(note_days)s, CASE WHEN v.note_days > %(old_note)s THEN v.note_days END) AS note,
           greatest(%(contact_days)s, CASE WHEN v.contact_days > %(old_contact)s THEN v.contact_days END) AS contact,
           greatest(%(propose_days)s, CASE WHEN v.propose_days > %(old_propose)s THEN v.propose_days END) AS propose
      FROM idle_verdict v
      JOIN device d USING (device_no)
      JOIN device_model m USING (model_key)
     WHERE v.proven_unused AND d.loan_started_at = v.loan_started_at AND d.device_class = %(device_class)s AND m.idle_policy = %(policy)s
)
SELECT count(*) AS proven_unused,
       count(*) FILTER (WHERE step = 'note') AS note_now, count(*) FILTER (WHERE step = 'contact') AS contact_now,
       count(*) FILTER (WHERE step = 'propose') AS propose_now,
       count(*) FILTER (WHERE days >= note AND days < contact) AS note_then,
       count(*) FILTER (WHERE days >= contact AND days < propose) AS contact_then,
       count(*) FILTER (WHERE days >= propose) AS propose_then,
       (SELECT max(judged_at) FROM idle_run) AS judged_at
  FROM proven
