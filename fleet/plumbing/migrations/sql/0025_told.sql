-- What a device told last stands beside what is known of it, as the text it came as, until something else is told: reading it as jsonb and
-- joining it cost a fifth of all that the database does for a message, and a present is written a hundred times for each time it is read.
-- The present of a device's metrics is present_values(metric_values, told); nothing of metric_values that `told` tells too counts.
ALTER TABLE device_state
    ADD COLUMN told text,         -- JSON of the same shape as metric_values, newer than all of that
    ADD COLUMN told_keys bigint;  -- a number for the keys in it: the same only where the keys are

CREATE FUNCTION present_values(known jsonb, told text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN told IS NULL THEN known ELSE known || told::jsonb END;

-- As in 0001_row_security.sql.
CREATE OR REPLACE VIEW device_state_seen AS
    SELECT d.device_id, s.device_no, s.boot, s.online, s.online_at, s.first_seen_at, s.last_seen_at,
           CASE WHEN (SELECT scope_whole_life()) OR s.last_event_at >= d.loan_started_at THEN s.last_event_at END AS last_event_at,
           CASE WHEN (SELECT scope_whole_life())
                  OR day_in_loan(s.last_used_day, c.day_starts_at_hour, d.loan_started_at, d.earlier_loan_ended_at)
                THEN s.last_used_day END AS last_used_day,
           coalesce((
               SELECT jsonb_object_agg(v.key, v.value)
                 FROM jsonb_each(present_values(s.metric_values, s.told)) v
                 JOIN metric m ON m.device_class = d.device_class AND m.key = v.key
                WHERE m.audience = ANY ((SELECT scope_audiences())::text[])
                  AND ((SELECT scope_whole_life()) OR (v.value ->> 1)::bigint >= extract(epoch FROM d.loan_started_at) * 1000)
           ), '{}') AS metric_values,
           coalesce((
               SELECT jsonb_object_agg(v.key, v.value)
                 FROM jsonb_each(s.latest_events) v
                 JOIN event_kind k ON k.device_class = d.device_class AND k.name = v.key
                WHERE k.audience = ANY ((SELECT scope_audiences())::text[])
                  AND ((SELECT scope_whole_life()) OR v.value::bigint >= extract(epoch FROM d.loan_started_at) * 1000)
           ), '{}') AS latest_events,
           s.attributes
      FROM device_state s
      JOIN device d USING (device_no)
      JOIN device_class c ON c.name = d.device_class;

-- As in 0008.
CREATE OR REPLACE FUNCTION seal_loan(target integer, ended timestamptz) RETURNS void LANGUAGE sql
    BEGIN ATOMIC
        UPDATE device_state s
           SET last_event_at = NULL, last_used_day = NULL, told = NULL,
               metric_values = coalesce((
                   SELECT jsonb_object_agg(v.key, v.value) FROM jsonb_each(present_values(s.metric_values, s.told)) v
                     JOIN metric m ON m.device_class = d.device_class AND m.key = v.key AND m.audience = 'technical'), '{}'),
               latest_events = coalesce((
                   SELECT jsonb_object_agg(v.key, v.value) FROM jsonb_each(s.latest_events) v
                     JOIN event_kind k ON k.device_class = d.device_class AND k.name = v.key AND k.audience = 'technical'), '{}')
          FROM device d
         WHERE s.device_no = target AND d.device_no = target;
        UPDATE alarm SET cleared_at = greatest(raised_at, ended), cleared_why = 'the loan ended'
         WHERE device_no = target AND cleared_at IS NULL;
        DELETE FROM rule_hold WHERE device_no = target;
        DELETE FROM ladder_use WHERE device_no = target;
        INSERT INTO evaluation_due (device_no, since) VALUES (target, now()) ON CONFLICT DO NOTHING;
    END;
