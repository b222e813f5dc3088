-- name: behind
SELECT * FROM alarm_behind_link(%(hash)s)

-- name: take
SELECT take_by_link(%(hash)s) AS outcome

-- name: receipt
SELECT receipt_arrived(%(channel)s, %(reference)s, %(arrived)s) AS known
