-- name: claim
-- Takes the next message that is due, safety first, for the length of a lease: whoever dies while sending leaves it to be sent again.
-- That an alarm ended is not told before it was told that it began. A canary's alarm goes to a canary's recipient, and no other alarm
-- does. `closed`: recipients (0 for the installation) to whom one is under way.
UPDATE notification n SET attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM (SELECT p.notification_id
          FROM notification p JOIN alarm a USING (alarm_id)
         WHERE p.state = 'pending' AND p.next_attempt_at <= clock_timestamp() AND p.channel = ANY (%(channels)s::text[])
           AND EXISTS (SELECT FROM canary_device c WHERE c.device_no = a.device_no)
               = EXISTS (SELECT FROM recipient r WHERE r.recipient_id = p.recipient_id AND r.canary)
           AND (p.kind = 'raised' OR NOT EXISTS (
                   SELECT FROM notification r
                    WHERE r.alarm_id = p.alarm_id AND r.channel = p.channel AND r.recipient_id IS NOT DISTINCT FROM p.recipient_id
                      AND r.kind = 'raised' AND r.state = 'pending'))
           AND coalesce(p.recipient_id, 0) <> ALL (%(closed)s::integer[])
         ORDER BY a.safety DESC, p.next_attempt_at
         LIMIT 1
           FOR UPDATE OF p SKIP LOCKED) due
  JOIN notification q USING (notification_id)
  JOIN alarm a USING (alarm_id)
  JOIN device d USING (device_no)
  JOIN device_class k ON k.name = d.device_class
  LEFT JOIN recipient r ON r.recipient_id = q.recipient_id
  LEFT JOIN recipient_address t ON t.recipient_id = q.recipient_id AND t.channel = q.channel
 WHERE n.notification_id = due.notification_id
RETURNING n.notification_id, n.alarm_id, n.kind, n.channel, n.attempts, n.recipient_id, n.call_no,
          clock_timestamp() - n.created_at AS age, d.device_id, d.device_class, a.rule, a.severity, a.safety, a.audience,
          a.happened_at, a.raised_at, a.cleared_at, a.title_sv, a.title_en, k.title_sv AS class_sv, k.title_en AS class_en,
          r.role, r.language, t.address

-- name: link
INSERT INTO acknowledge_link (token_hash, alarm_id, recipient_id, expires_at)
VALUES (%(hash)s, %(alarm_id)s, %(recipient_id)s, clock_timestamp() + %(lives)s)
    ON CONFLICT DO NOTHING

-- name: sent
UPDATE notification
   SET state = 'sent', sent_at = clock_timestamp(), first_sent_at = coalesce(first_sent_at, clock_timestamp()), last_error = '',
       reference = %(reference)s, receipt_due_at = clock_timestamp() + %(receipts_within)s::interval
 WHERE notification_id = %(notification_id)s AND state = 'pending'

-- name: again
UPDATE notification SET next_attempt_at = clock_timestamp() + %(after)s, last_error = %(reason)s
 WHERE notification_id = %(notification_id)s AND state = 'pending'

-- name: give_up
UPDATE notification SET state = 'given_up', last_error = %(reason)s
 WHERE notification_id = %(notification_id)s AND state = 'pending'

-- name: unconfirmed
-- Messages whose receipt is still to come, for providers that are asked.
SELECT channel, reference FROM notification
 WHERE channel = ANY (%(channels)s::text[]) AND state = 'sent' AND delivered_at IS NULL AND reference IS NOT NULL
   AND receipt_due_at > clock_timestamp() - interval '10 minutes'
 ORDER BY receipt_due_at
 LIMIT %(limit)s

-- name: receipt
SELECT receipt_arrived(%(channel)s, %(reference)s, %(arrived)s) AS known
