-- The store from nothing to the first release: its tables. Runs as fjarrkoll_owner; roles and extensions exist already
-- (fleet/plumbing/store/bootstrap.py). Who sees what follows in 0001_row_security.sql. Hypertables of readings, one per device class,
-- are made from the profiles afterwards (fleet/plumbing/store/tables.py).

-- ---------------------------------------------------------------------------------------------------------------------
-- Projected from the profiles by `fjarrkoll migrate`: no personal data, readable by every role.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE device_class (
    name               text PRIMARY KEY,
    title_sv           text NOT NULL,
    title_en           text NOT NULL,
    day_starts_at_hour integer NOT NULL,
    usage_reason_sv    text NOT NULL,
    usage_reason_en    text NOT NULL
);

CREATE TABLE idle_policy (
    device_class       text NOT NULL REFERENCES device_class,
    name               text NOT NULL,
    note_days          integer NOT NULL,
    contact_days       integer NOT NULL,
    propose_days       integer NOT NULL,
    quiet_months       integer[] NOT NULL,
    quiet_propose_days integer,
    training_days      integer NOT NULL,
    silent_after_days  integer NOT NULL,
    PRIMARY KEY (device_class, name)
);

CREATE TABLE device_model (
    model_key    text PRIMARY KEY,
    device_class text NOT NULL REFERENCES device_class,
    maker        text NOT NULL,
    name         text NOT NULL,
    iso9999      text NOT NULL,
    idle_policy  text NOT NULL,
    FOREIGN KEY (device_class, idle_policy) REFERENCES idle_policy (device_class, name)
);

-- Prices change over time; the newest that has begun applies. The profile's price is only the first entry.
CREATE TABLE model_price (
    model_key  text NOT NULL REFERENCES device_model,
    valid_from date NOT NULL,
    rent_sek   numeric(10, 2) NOT NULL CHECK (rent_sek >= 0),
    PRIMARY KEY (model_key, valid_from)
);

CREATE TABLE metric (
    device_class    text NOT NULL REFERENCES device_class,
    key             text NOT NULL,
    column_name     text NOT NULL,
    unit            text NOT NULL,
    kind            text NOT NULL,
    audience        text NOT NULL,
    low             double precision NOT NULL,
    high            double precision NOT NULL,
    cadence_seconds integer,
    code            text NOT NULL,
    title_sv        text NOT NULL,
    title_en        text NOT NULL,
    PRIMARY KEY (device_class, key)
);

CREATE TABLE event_kind (
    device_class text NOT NULL REFERENCES device_class,
    name         text NOT NULL,
    audience     text NOT NULL,
    title_sv     text NOT NULL,
    title_en     text NOT NULL,
    PRIMARY KEY (device_class, name)
);

CREATE TABLE fault_code (
    code         text PRIMARY KEY,
    device_class text NOT NULL REFERENCES device_class,
    severity     text NOT NULL,
    remedy       text NOT NULL,
    clearable    boolean NOT NULL,
    derived      boolean NOT NULL,
    audience     text NOT NULL,
    title_sv     text NOT NULL,
    title_en     text NOT NULL,
    cause_sv     text NOT NULL,
    cause_en     text NOT NULL,
    action_sv    text NOT NULL,
    action_en    text NOT NULL
);

CREATE TABLE fault_native (
    device_class text NOT NULL REFERENCES device_class,
    system       text NOT NULL,
    code         text NOT NULL,
    fault_code   text NOT NULL REFERENCES fault_code,
    PRIMARY KEY (device_class, system, code)
);

CREATE TABLE usage_measure (
    device_class text NOT NULL REFERENCES device_class,
    measure      text NOT NULL,
    gather       text NOT NULL,
    unit         text NOT NULL,
    title_sv     text NOT NULL,
    title_en     text NOT NULL,
    PRIMARY KEY (device_class, measure)
);

-- A day is used when any clause of its class holds.
CREATE TABLE usage_clause (
    device_class text NOT NULL,
    measure      text NOT NULL,
    at_least     double precision NOT NULL,
    PRIMARY KEY (device_class, measure),
    FOREIGN KEY (device_class, measure) REFERENCES usage_measure
);

CREATE TABLE alarm_rule (
    device_class text NOT NULL REFERENCES device_class,
    name         text NOT NULL,
    severity     text NOT NULL,
    safety       boolean NOT NULL,
    audience     text NOT NULL,
    title_sv     text NOT NULL,
    title_en     text NOT NULL,
    PRIMARY KEY (device_class, name)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Organisation
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE legal_frame (
    code     text PRIMARY KEY,
    title_sv text NOT NULL,
    title_en text NOT NULL
);
INSERT INTO legal_frame VALUES
    ('HSL', 'Hälso- och sjukvårdslagen', 'Health and Medical Services Act'),
    ('SoL', 'Socialtjänstlagen', 'Social Services Act');

CREATE TABLE payer (
    payer_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text NOT NULL UNIQUE,
    name     text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('municipality', 'region'))
);

CREATE TABLE depot (
    depot_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text NOT NULL UNIQUE,
    name     text NOT NULL
);

CREATE TABLE prescriber (
    prescriber_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code          text NOT NULL UNIQUE,
    unit_name     text NOT NULL,
    payer_id      integer NOT NULL REFERENCES payer,
    legal_frame   text NOT NULL REFERENCES legal_frame
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Devices and loans
-- ---------------------------------------------------------------------------------------------------------------------

-- device_id travels on the wire and in addresses and is an opaque pseudonym; individual_number is what is painted on the device.
-- payer_id, legal_frame and loan_started_at mirror the open loan, and earlier_loan_ended_at the latest closed one (trigger below), so
-- that policies need one look-up.
CREATE TABLE device (
    device_no         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id         text NOT NULL UNIQUE CHECK (device_id ~ '^[a-z0-9][a-z0-9-]{2,39}$'),
    individual_number text NOT NULL UNIQUE,
    device_class      text NOT NULL REFERENCES device_class,
    model_key         text NOT NULL REFERENCES device_model,
    firmware          text NOT NULL DEFAULT '',
    serial_number     text NOT NULL DEFAULT '',
    stock_state       text NOT NULL DEFAULT 'in_stock'
                      CHECK (stock_state IN ('in_stock', 'on_loan', 'buffer_store', 'reconditioning', 'scrapped', 'lost')),
    basic_equipment   boolean NOT NULL DEFAULT false,
    depot_id          integer REFERENCES depot,
    enrolled_at       timestamptz,          -- NULL: it has no credentials and cannot report
    registered_at     timestamptz NOT NULL DEFAULT now(),
    payer_id          integer REFERENCES payer,
    legal_frame       text REFERENCES legal_frame,
    loan_started_at   timestamptz,
    earlier_loan_ended_at timestamptz
);
CREATE INDEX device_class_payer ON device (device_class, payer_id);
CREATE INDEX device_payer ON device (payer_id);

CREATE TABLE loan (
    loan_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no     integer NOT NULL REFERENCES device,
    payer_id      integer NOT NULL REFERENCES payer,
    legal_frame   text NOT NULL REFERENCES legal_frame,
    prescriber_id integer REFERENCES prescriber,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz CHECK (ended_at > started_at),
    EXCLUDE USING gist (device_no WITH =, tstzrange(started_at, ended_at) WITH &&)
);
CREATE INDEX loan_device ON loan (device_no);

-- ---------------------------------------------------------------------------------------------------------------------
-- What ingest keeps, all in the transaction that stores the message
-- ---------------------------------------------------------------------------------------------------------------------

-- The present of each device. metric_values: {"battery.soc": [87.5, <milliseconds>]}; latest_events: {"dose_taken": <milliseconds>}.
CREATE TABLE device_state (
    device_no     integer PRIMARY KEY REFERENCES device,
    boot          integer,
    online        boolean,                 -- NULL: never said
    online_at     timestamptz,
    first_seen_at timestamptz,             -- server time of the first and the latest message
    last_seen_at  timestamptz,
    last_event_at timestamptz,             -- newest believed device time
    last_used_day date,                    -- Swedish local day
    metric_values jsonb NOT NULL DEFAULT '{}',
    latest_events jsonb NOT NULL DEFAULT '{}',
    attributes    jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 70);

-- Per key the newer of two {"key": [value, milliseconds]} objects; late data never overwrites what happened after it.
CREATE FUNCTION newest_per_key(stored jsonb, incoming jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN stored || coalesce((
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(incoming)
         WHERE NOT stored ? key OR (stored -> key ->> 1)::bigint <= (value ->> 1)::bigint
    ), '{}');

-- Per key the larger of two {"key": <milliseconds>} objects.
CREATE FUNCTION latest_per_key(stored jsonb, incoming jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN stored || coalesce((
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(incoming)
         WHERE NOT stored ? key OR (stored ->> key)::bigint <= value::bigint
    ), '{}');

CREATE TABLE usage_day (
    device_no integer NOT NULL,
    local_day date NOT NULL,
    measure   text NOT NULL,
    amount    double precision NOT NULL,
    PRIMARY KEY (device_no, local_day, measure)
) WITH (fillfactor = 80);

-- Events of every class. The key begins with the device so that it also serves "one device, one period".
CREATE TABLE device_event (
    device_no       integer NOT NULL,
    ts              timestamptz NOT NULL,  -- when it happened: the device clock, or the server's where that was not believed
    received_at     timestamptz NOT NULL,  -- when it was known
    boot            integer NOT NULL,
    seq             bigint NOT NULL,
    event           text NOT NULL,
    audience        text NOT NULL,
    data            jsonb NOT NULL,
    clock_corrected boolean,               -- NULL: the device clock was believed
    PRIMARY KEY (device_no, ts, boot, seq)
);
SELECT create_hypertable('device_event', by_range('ts', interval '7 days'), create_default_indexes => false);

-- A message whose device clock was not believed got this time when it was first stored. A redelivery gets the same one, so it
-- still meets the unique key of its hypertable.
CREATE TABLE clock_correction (
    device_no           integer NOT NULL,
    boot                integer NOT NULL,
    seq                 bigint NOT NULL,
    device_milliseconds bigint NOT NULL,
    ts                  timestamptz NOT NULL,
    PRIMARY KEY (device_no, boot, seq)
);

CREATE TABLE unknown_metric (
    device_class text NOT NULL,
    model_key    text NOT NULL,
    name         text NOT NULL,
    device_no    integer NOT NULL,         -- an example
    first_seen   timestamptz NOT NULL,
    last_seen    timestamptz NOT NULL,
    times        bigint NOT NULL,
    PRIMARY KEY (device_class, model_key, name)
);

-- One row per fault of a device and stay; fault_code is NULL for a native code that no profile knows, which is kept and shown raw.
CREATE TABLE device_fault (
    device_fault_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no       integer NOT NULL REFERENCES device,
    system          text NOT NULL,
    code            text NOT NULL,
    subcode         text NOT NULL DEFAULT '',
    module          text NOT NULL DEFAULT '',
    text            text NOT NULL DEFAULT '',
    fault_code      text,
    times           integer NOT NULL DEFAULT 1,
    raised_at       timestamptz NOT NULL,  -- device time
    last_seen_at    timestamptz NOT NULL,  -- device time of the latest report
    known_at        timestamptz NOT NULL,  -- server time
    cleared_at      timestamptz,
    cleared_by      text CHECK (cleared_by IN ('device', 'absent_at_read', 'command')),
    source          text NOT NULL CHECK (source IN ('event', 'read'))
);
CREATE UNIQUE INDEX device_fault_active ON device_fault (device_no, system, code, subcode, module) WHERE cleared_at IS NULL;
CREATE INDEX device_fault_device ON device_fault (device_no, raised_at DESC);

-- Bad input is kept: the raw bytes (the first 64 KiB of them), why it was refused, and what to do. The same bytes arriving again
-- raise `times`.
CREATE TABLE quarantine (
    quarantine_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic          text NOT NULL,
    device_no      integer,                -- NULL: the device is not in the register
    reason         text NOT NULL,
    advice         text NOT NULL,
    boot           integer,
    seq            bigint,
    payload        bytea NOT NULL,
    payload_bytes  integer NOT NULL,
    payload_sha256 bytea NOT NULL,
    content_type   text,
    received_at    timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    times          bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX quarantine_same ON quarantine (topic, payload_sha256, reason, coalesce(boot, -1), coalesce(seq, -1));
CREATE INDEX quarantine_received ON quarantine (received_at DESC);

-- Replies as they came; idempotent by identity like everything a device must not lose.
CREATE TABLE command_reply (
    device_no   integer NOT NULL REFERENCES device,
    boot        integer NOT NULL,
    seq         bigint NOT NULL,
    command_id  text NOT NULL,
    status      text NOT NULL,
    reason      text NOT NULL,
    result      jsonb NOT NULL,
    ts          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_no, boot, seq)
);

-- Up to when each ingest shard has stored everything it received; absence is judged against the oldest (reliability.md D28).
CREATE TABLE ingest_watermark (
    shard      text PRIMARY KEY,
    at         timestamptz NOT NULL,
    statistics jsonb NOT NULL DEFAULT '{}'
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Commands, alarms, notifications
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE command (
    command_id      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    device_no       integer NOT NULL REFERENCES device,
    counter         bigint NOT NULL,       -- per device, rising; the device executes each at most once
    name            text NOT NULL,
    level           text NOT NULL CHECK (level IN ('read', 'reversible', 'setting')),
    parameters      jsonb NOT NULL DEFAULT '{}',
    state           text NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sent', 'delivered', 'running', 'succeeded', 'refused', 'failed', 'expired', 'cancelled')),
    reason          text NOT NULL DEFAULT '',
    result          jsonb,
    requested_by    text NOT NULL,
    idempotency_key text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    answered_at     timestamptz,
    late            boolean NOT NULL DEFAULT false,  -- an answer came after the expiry; it changed nothing
    UNIQUE (device_no, counter),
    UNIQUE (requested_by, idempotency_key)
);
CREATE INDEX command_open ON command (state, expires_at) WHERE state IN ('queued', 'sent', 'delivered', 'running');
CREATE INDEX command_device ON command (device_no, created_at DESC);

CREATE TABLE command_transition (
    command_id uuid NOT NULL REFERENCES command,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    state      text NOT NULL,
    reason     text NOT NULL DEFAULT ''
);
CREATE INDEX command_transition_command ON command_transition (command_id, at);

-- Ingest marks a device whose new data may raise an alarm; the worker judges it and removes the mark.
CREATE TABLE evaluation_due (
    device_no integer PRIMARY KEY,
    since     timestamptz NOT NULL
);

-- A rule with a hold time: since when its condition has been seen to hold.
CREATE TABLE rule_hold (
    device_no integer NOT NULL,
    rule      text NOT NULL,
    since     timestamptz NOT NULL,
    PRIMARY KEY (device_no, rule)
);

CREATE TABLE alarm (
    alarm_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no   integer NOT NULL REFERENCES device,
    rule        text NOT NULL,
    severity    text NOT NULL,
    safety      boolean NOT NULL,
    audience    text NOT NULL,
    title_sv    text NOT NULL,
    title_en    text NOT NULL,
    reason_sv   text NOT NULL,
    reason_en   text NOT NULL,
    happened_at timestamptz NOT NULL,      -- device time
    raised_at   timestamptz NOT NULL DEFAULT now(),  -- known time
    taken_at    timestamptz,
    taken_by    text,
    cleared_at  timestamptz,
    cleared_why text
);
CREATE UNIQUE INDEX alarm_open ON alarm (device_no, rule) WHERE cleared_at IS NULL;
CREATE INDEX alarm_raised ON alarm (raised_at DESC);
CREATE INDEX alarm_device ON alarm (device_no, raised_at DESC);

-- Outbox: written with the alarm, sent afterwards, at least once, always with the same key.
CREATE TABLE notification (
    notification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id        bigint NOT NULL REFERENCES alarm,
    kind            text NOT NULL CHECK (kind IN ('raised', 'cleared')),
    channel         text NOT NULL,
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'given_up')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    sent_at         timestamptz,
    UNIQUE (alarm_id, kind, channel)
);
CREATE INDEX notification_pending ON notification (next_attempt_at) WHERE state = 'pending';

-- ---------------------------------------------------------------------------------------------------------------------
-- People and traces
-- ---------------------------------------------------------------------------------------------------------------------

-- Tokens are kept as SHA-256; payers NULL means every payer.
CREATE TABLE api_token (
    token_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    name       text NOT NULL UNIQUE,
    role       text NOT NULL CHECK (role IN ('technician', 'carer', 'clinical', 'analyst', 'prescriber_unit', 'administrator')),
    care_unit  text NOT NULL,
    payers     integer[],
    frames     text[] NOT NULL,
    audiences  text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- HSLF-FS 2016:40 ch. 4 s. 9: action, care unit, time, user, and whose device. Application roles may only add.
CREATE TABLE audit (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor     text NOT NULL,
    role      text NOT NULL,
    care_unit text NOT NULL,
    action    text NOT NULL,
    device_no integer,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_device ON audit (device_no, at DESC);

-- ---------------------------------------------------------------------------------------------------------------------
-- A loan begins and ends: what follows from it, whoever writes the row
-- ---------------------------------------------------------------------------------------------------------------------

-- In plpgsql, which keeps its plans: thousands of loans may be entered at once.
CREATE FUNCTION mirror_loans(target integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    open_loan loan;
BEGIN
    SELECT * INTO open_loan FROM loan WHERE device_no = target AND ended_at IS NULL;
    UPDATE device
       SET payer_id = open_loan.payer_id, legal_frame = open_loan.legal_frame, loan_started_at = open_loan.started_at,
           earlier_loan_ended_at = (SELECT max(ended_at) FROM loan WHERE device_no = target),
           stock_state = CASE WHEN open_loan.loan_id IS NOT NULL THEN 'on_loan'
                              WHEN stock_state = 'on_loan' THEN 'in_stock' ELSE stock_state END
     WHERE device_no = target;
END $$;

-- At return the present state keeps its technical part only, open alarms are settled (and told), and the worker judges afresh what is
-- left. Without this the next borrower would meet the previous one's alarms, or would miss an own one because an old one is still open.
CREATE FUNCTION seal_loan(target integer, ended timestamptz) RETURNS void LANGUAGE sql
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
        INSERT INTO notification (alarm_id, kind, channel)
            SELECT n.alarm_id, 'cleared', n.channel FROM notification n JOIN alarm a USING (alarm_id)
             WHERE a.device_no = target AND a.cleared_at IS NULL AND n.kind = 'raised'
            ON CONFLICT DO NOTHING;
        UPDATE alarm SET cleared_at = greatest(raised_at, ended), cleared_why = 'the loan ended'
         WHERE device_no = target AND cleared_at IS NULL;
        DELETE FROM rule_hold WHERE device_no = target;
        INSERT INTO evaluation_due (device_no, since) VALUES (target, now()) ON CONFLICT DO NOTHING;
    END;

CREATE FUNCTION loan_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL THEN
        PERFORM seal_loan(OLD.device_no, NEW.ended_at);
    ELSIF TG_OP = 'DELETE' AND OLD.ended_at IS NULL THEN
        PERFORM seal_loan(OLD.device_no, now());
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mirror_loans(NEW.device_no);
    END IF;
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.device_no <> OLD.device_no THEN
        PERFORM mirror_loans(OLD.device_no);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER loan_changed AFTER INSERT OR UPDATE OR DELETE ON loan FOR EACH ROW EXECUTE FUNCTION loan_changed();
