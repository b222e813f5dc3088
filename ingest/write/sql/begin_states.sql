-- The row of current state of devices that are heard for the first time, made as update_told.sql would leave it, where all they tell
-- happened since the open loan began or the last one ended. A whole region is heard for the first time within a minute, and a row that is made
-- empty and filled at once is written twice, the second time on another page.
INSERT INTO device_state (device_no, boot, first_seen_at, last_seen_at, last_event_at, told, told_keys)
SELECT i.device_no, i.boot, %(received_at)s, %(received_at)s, i.newest, i.told, i.told_keys
  FROM unnest(%(device_no)b, %(boot)b, %(oldest)b, %(newest)b, %(told)b, %(told_keys)b, %(stranger)b)
       AS i (device_no, boot, oldest, newest, told, told_keys, stranger)
  JOIN device d USING (device_no)
 WHERE i.stranger AND i.oldest >= coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')
    ON CONFLICT DO NOTHING
