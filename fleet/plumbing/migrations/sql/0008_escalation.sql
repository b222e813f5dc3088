-- Escalation: who is called about an alarm, in which order and when; what became of each call; links by which an alarm is taken; who
-- watches the watch. Timers are absolute times by the database's clock, so that a restart loses none and no worker's clock counts.

-- ---------------------------------------------------------------------------------------------------------------------
-- Whom an alarm can reach. Addresses are personal data: only the worker reads them, and no log repeats them.
-- ---------------------------------------------------------------------------------------------------------------------

-- `code` is a duty, such as hemtjanst-natt; it stands where a person's name must not.
CREATE TABLE recipient (
    recipient_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,39}$' AND code <> 'installation'),
    role         text NOT NULL CHECK (role IN ('technician', 'carer', 'clinical', 'administrator')),
    language     text NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    active       boolean NOT NULL DEFAULT true,
    canary       boolean NOT NULL DEFAULT false,  -- hears of canary devices, and of nothing else
    quiet        jsonb NOT NULL DEFAULT '[]'      -- windows without calls; a safety cause breaks them
);

CREATE TABLE recipient_address (
    recipient_id integer NOT NULL REFERENCES recipient ON DELETE CASCADE,
    channel      text NOT NULL CHECK (channel IN ('email', 'sms', 'voice', 'panel', 'apprise')),
    address      text NOT NULL,
    place        integer NOT NULL DEFAULT 0,      -- 0 is tried first; the next where that one fails or stays without a receipt
    PRIMARY KEY (recipient_id, channel)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Ladders as data, and where each is used: the most specific use that fits an alarm decides
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE ladder (
    code     text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,39}$'),
    document jsonb NOT NULL,
    version  integer NOT NULL DEFAULT 1,
    set_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    set_by   text NOT NULL
);

-- A use for one device belongs to the loan in which it was set: the next borrower does not inherit it.
CREATE TABLE ladder_use (
    ladder_use_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ladder        text NOT NULL REFERENCES ladder,
    device_no     integer REFERENCES device,
    payer_id      integer REFERENCES payer,
    legal_frame   text,
    device_class  text,
    audience      text,
    since         timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (device_no, payer_id, legal_frame, device_class, audience)
);

-- Quiet on purpose, always with an end. It never covers a safety cause: `fleet/ladder.py` does not ask it about one.
CREATE TABLE silence (
    silence_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no    integer REFERENCES device,
    payer_id     integer REFERENCES payer,
    device_class text,
    rule         text,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    reason       text NOT NULL,
    set_by       text NOT NULL,
    set_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '31 days')
);
CREATE INDEX silence_ends ON silence (ends_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- An alarm on its ladder
-- ---------------------------------------------------------------------------------------------------------------------

-- The ladder stands in it as it was when the alarm began: a ladder changed meanwhile does not send anyone back to its foot.
CREATE TABLE escalation (
    alarm_id   bigint PRIMARY KEY REFERENCES alarm ON DELETE CASCADE,
    ladder     text NOT NULL,
    document   jsonb NOT NULL,
    position   integer NOT NULL DEFAULT 0,   -- the step that comes next
    calls      integer NOT NULL DEFAULT 0,   -- how many calls there have been: the number in each message's key
    due_at     timestamptz NOT NULL,         -- when the next step is due
    wait       interval NOT NULL,            -- how long before that it was set; a clock that went back shows in the difference
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_why  text
);
CREATE INDEX escalation_due ON escalation (due_at) WHERE ended_at IS NULL;

CREATE TABLE escalation_call (
    alarm_id   bigint NOT NULL REFERENCES alarm ON DELETE CASCADE,
    call_no    integer NOT NULL,
    position   integer NOT NULL,
    due_at     timestamptz NOT NULL,
    called_at  timestamptz NOT NULL,
    recipients text[] NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (alarm_id, call_no)
);

-- Each message is to one recipient through one channel; without a recipient it is to the installation's own channels.
ALTER TABLE notification
    ADD COLUMN recipient_id integer REFERENCES recipient,
    ADD COLUMN call_no integer NOT NULL DEFAULT 0,
    ADD COLUMN first_sent_at timestamptz,
    ADD COLUMN reference text,               -- by which the provider names it in its receipt
    ADD COLUMN receipt_due_at timestamptz,   -- NULL: this channel gives no receipts
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN bypassed_at timestamptz;      -- failed, or no receipt in time: another channel was told instead
ALTER TABLE notification DROP CONSTRAINT notification_alarm_id_kind_channel_key;
CREATE UNIQUE INDEX notification_once ON notification (alarm_id, kind, channel, recipient_id, call_no) NULLS NOT DISTINCT;
CREATE INDEX notification_receipt ON notification (receipt_due_at) WHERE state = 'sent' AND delivered_at IS NULL AND bypassed_at IS NULL;
CREATE INDEX notification_reference ON notification (channel, reference) WHERE reference IS NOT NULL;

-- Links by which the one who was called takes the alarm without logging in. Only the SHA-256 of a token is kept.
CREATE TABLE acknowledge_link (
    token_hash   bytea PRIMARY KEY,
    alarm_id     bigint NOT NULL REFERENCES alarm ON DELETE CASCADE,
    recipient_id integer REFERENCES recipient,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The watch is watched
-- ---------------------------------------------------------------------------------------------------------------------

-- When each loop of the worker last finished a turn.
CREATE TABLE worker_pulse (
    part text PRIMARY KEY,
    at   timestamptz NOT NULL
);

-- Devices that play a jam every day so that the whole way is proven; they belong to nobody.
CREATE TABLE canary_device (
    device_no integer PRIMARY KEY REFERENCES device
);

CREATE TABLE canary_run (
    canary_run_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no     integer NOT NULL REFERENCES device,
    jammed_at     timestamptz NOT NULL,
    raised_at     timestamptz,
    sent_at       timestamptz,
    delivered_at  timestamptz,
    cleared_at    timestamptz,
    outcome       text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'arrived', 'lost'))
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Whoever takes or ends an alarm, its ladder ends in the same transaction, and who was told that it began is told that it ended
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION alarm_settled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE escalation SET ended_at = clock_timestamp(), ended_why = CASE WHEN NEW.cleared_at IS NULL THEN 'taken' ELSE 'cleared' END
     WHERE alarm_id = NEW.alarm_id AND ended_at IS NULL AND (NEW.taken_at IS NOT NULL OR NEW.cleared_at IS NOT NULL);
    -- Nobody is called any more about what somebody has taken; the installation's own channels hear everything.
    IF NEW.taken_at IS NOT NULL AND NEW.cleared_at IS NULL THEN
        UPDATE notification SET state = 'given_up', last_error = 'somebody took the alarm first'
         WHERE alarm_id = NEW.alarm_id AND kind = 'raised' AND state = 'pending' AND recipient_id IS NOT NULL;
    END IF;
    IF OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL THEN
        INSERT INTO notification (alarm_id, kind, channel, recipient_id)
            SELECT DISTINCT NEW.alarm_id, 'cleared', n.channel, n.recipient_id FROM notification n
             WHERE n.alarm_id = NEW.alarm_id AND n.kind = 'raised'
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER alarm_settled AFTER UPDATE OF taken_at, cleared_at ON alarm FOR EACH ROW
    WHEN (OLD.taken_at IS DISTINCT FROM NEW.taken_at OR OLD.cleared_at IS DISTINCT FROM NEW.cleared_at)
    EXECUTE FUNCTION alarm_settled();

-- What a link leads to: nothing about device or user, only what sort of thing waits, and whether it still does.
CREATE FUNCTION alarm_behind_link(hash bytea)
    RETURNS TABLE (device_class text, title_sv text, title_en text, safety boolean, raised_at timestamptz, language text, state text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT d.device_class, a.title_sv, a.title_en, a.safety, a.raised_at, coalesce(r.language, 'sv'),
               CASE WHEN a.cleared_at IS NOT NULL THEN 'over' WHEN a.taken_at IS NOT NULL THEN 'taken'
                    WHEN l.used_at IS NOT NULL THEN 'used' ELSE 'open' END
          FROM acknowledge_link l
          JOIN alarm a USING (alarm_id)
          JOIN device d USING (device_no)
          LEFT JOIN recipient r USING (recipient_id)
         WHERE l.token_hash = hash AND l.expires_at > clock_timestamp();
    END;

-- Takes the alarm once: the link is used up whatever comes of it. 'taken', 'already', 'over', 'used' or 'unknown'.
CREATE FUNCTION take_by_link(hash bytea) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    link acknowledge_link;
    caught alarm;
    taker text;
BEGIN
    SELECT * INTO link FROM acknowledge_link WHERE token_hash = hash FOR UPDATE;
    IF NOT FOUND OR link.expires_at <= clock_timestamp() THEN
        RETURN 'unknown';
    ELSIF link.used_at IS NOT NULL THEN
        RETURN 'used';
    END IF;
    UPDATE acknowledge_link SET used_at = clock_timestamp() WHERE token_hash = hash;
    SELECT coalesce((SELECT code FROM recipient WHERE recipient_id = link.recipient_id), 'link') INTO taker;
    UPDATE alarm SET taken_at = clock_timestamp(), taken_by = taker
     WHERE alarm_id = link.alarm_id AND taken_at IS NULL AND cleared_at IS NULL RETURNING * INTO caught;
    IF caught.alarm_id IS NULL THEN
        RETURN (SELECT CASE WHEN cleared_at IS NULL THEN 'already' ELSE 'over' END FROM alarm WHERE alarm_id = link.alarm_id);
    END IF;
    INSERT INTO audit (actor, role, care_unit, action, device_no, detail)
        VALUES (taker, coalesce((SELECT role FROM recipient WHERE recipient_id = link.recipient_id), 'carer'), '', 'alarm.take',
                caught.device_no, jsonb_build_object('alarm_id', caught.alarm_id, 'by', 'link'));
    RETURN 'taken';
END $$;

-- A provider's receipt: the message reached the receiver, or never will. Returns whether anything waited for it.
CREATE FUNCTION receipt_arrived(of_channel text, of_reference text, arrived boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE notification
       SET delivered_at = CASE WHEN arrived THEN coalesce(delivered_at, clock_timestamp()) ELSE delivered_at END,
           receipt_due_at = CASE WHEN arrived THEN receipt_due_at ELSE least(receipt_due_at, clock_timestamp()) END
     WHERE channel = of_channel AND reference = of_reference AND delivered_at IS NULL;
    RETURN FOUND;
END $$;

-- As in 0001; who was told is now told by the trigger on the alarm.
CREATE OR REPLACE FUNCTION seal_loan(target integer, ended timestamptz) RETURNS void LANGUAGE sql
    BEGIN ATOMIC
        UPDATE device_state s
           SET last_event_at = NULL, last_used_day = NULL,
               metric_values = coalesce((
                   SELECT jsonb_object_agg(v.key, v.value) FROM jsonb_each(s.metric_values) v
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

-- ---------------------------------------------------------------------------------------------------------------------
-- Row security and grants
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['recipient', 'recipient_address', 'ladder_use', 'silence', 'escalation', 'escalation_call',
                                'acknowledge_link']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['escalation', 'escalation_call']
    LOOP
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api
            USING (EXISTS (SELECT FROM alarm a WHERE a.alarm_id = %I.alarm_id))', name, name);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION alarm_settled, alarm_behind_link, take_by_link, receipt_arrived FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alarm_behind_link, take_by_link, receipt_arrived TO fjarrkoll_api;
GRANT SELECT ON escalation, escalation_call, canary_device TO fjarrkoll_api;
GRANT SELECT ON recipient, recipient_address, ladder, ladder_use, silence, canary_device TO fjarrkoll_worker;
GRANT SELECT, INSERT, UPDATE ON escalation, escalation_call, acknowledge_link, worker_pulse, canary_run TO fjarrkoll_worker;
