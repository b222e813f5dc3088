-- name: claim
-- Takes what is due, safety first, for the length of a lease: whoever dies while sending leaves it to be sent again. That an alarm
-- ended is not told before it was told that it began.
UPDATE notification n SET attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM (SELECT p.notification_id
          FROM notification p JOIN alarm a USING (alarm_id)
         WHERE p.state = 'pending' AND p.next_attempt_at <= clock_timestamp() AND p.channel = ANY (%(channels)s::text[])
           AND (p.kind = 'raised' OR NOT EXISTS (
                   SELECT FROM notification r
                    WHERE r.alarm_id = p.alarm_id AND r.channel = p.channel AND r.recipient_id IS NOT DISTINCT FROM p.recipient_id
                      AND r.kind = 'raised' AND r.state = 'pending'))
         ORDER BY a.safety DESC, p.next_attempt_at
         LIMIT %(limit)s
           FOR UPDATE OF p SKIP LOCKED) due
  JOIN notification q USING (notification_id)
  JOIN alarm a USING (alarm_id)
  JOIN device d USING (device_no)
 WHERE n.notification_id = due.notification_id
RETURNING n.notification_id, n.alarm_id, n.kind, n.channel, n.attempts, n.recipient_id, n.call_no, clock_timestamp() - n.created_at AS age, d.device_id,
          d.device_class, a.rule, a.severity, a.safety, a.happened_at, a.raised_at, a.cleared_at

-- name: sent
UPDATE notification SET state = 'sent', sent_at = clock_timestamp(), last_error = ''
 WHERE notification_id = %(notification_id)s AND state = 'pending'

-- name: again
UPDATE notification SET next_attempt_at = clock_timestamp() + %(after)s, last_error = %(reason)s
 WHERE notification_id = %(notification_id)s AND state = 'pending'

-- name: give_up
UPDATE notification SET state = 'given_up', last_error = %(reason)s
 WHERE notification_id = %(notification_id)s AND state = 'pending'
