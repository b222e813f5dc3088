-- An alarm's life: taken, handed over, judged; doses expected; rule overrides; leases.

-- ---------------------------------------------------------------------------------------------------------------------
-- The alarm's own life. One open alarm per device and rule (index alarm_open); it ends by its condition or by a person.
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE alarm
    ADD COLUMN plan        text NOT NULL DEFAULT '',      -- what the taker said they would do
    ADD COLUMN handed_to   text,                          -- offered to; the taker stays responsible until they take it
    ADD COLUMN closed_by   text,                          -- the person who resolved it; NULL: its condition ended
    ADD COLUMN verdict     text CHECK (verdict IN ('true', 'false', 'expected')),
    ADD COLUMN verdict_by  text,
    ADD COLUMN verdict_at  timestamptz,
    ADD COLUMN late        boolean NOT NULL DEFAULT false,  -- known so long after it happened that it says so
    ADD COLUMN corrected_at timestamptz,                  -- late data moved when it happened
    ADD COLUMN ended_since timestamptz,                   -- its condition flaps and was last seen to end then; still open
    ADD COLUMN times       integer NOT NULL DEFAULT 1,    -- how often its condition began while it was open
    ADD COLUMN quieted_by  text,                          -- open and shown, told through another: a rule's name, or 'area'
    ADD COLUMN parent_id   bigint,                        -- the area alarm it is told through
    ADD COLUMN rests       boolean NOT NULL DEFAULT false,  -- closed by a person while its condition went on
    ADD COLUMN area        text,                          -- for an area alarm: which
    ADD COLUMN detail      jsonb NOT NULL DEFAULT '{}';   -- for an area alarm: who is at risk first
CREATE INDEX alarm_resting ON alarm (device_no, rule) WHERE rests;
CREATE UNIQUE INDEX alarm_area_open ON alarm (area, rule) WHERE area IS NOT NULL AND cleared_at IS NULL;

-- Append-only: application roles may add and read.
CREATE TABLE alarm_journal (
    entry_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id  bigint NOT NULL REFERENCES alarm,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind      text NOT NULL CHECK (kind IN ('raised', 'noted', 'quieted', 'rang', 'taken', 'offered', 'given_back', 'commented',
                                            'merged', 'corrected', 'cleared', 'resolved', 'false', 'verdict')),
    actor     text NOT NULL,                              -- a caller's name, or 'engine'
    care_unit text NOT NULL DEFAULT '',
    note      text NOT NULL DEFAULT '',
    late      boolean NOT NULL DEFAULT false,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX alarm_journal_alarm ON alarm_journal (alarm_id, entry_id);

-- When a device must be looked at though nothing is heard of it: a dose falls due, a flapping alarm has rested long enough.
CREATE TABLE alarm_timer (
    device_no    integer PRIMARY KEY,
    due_at       timestamptz NOT NULL,
    next_dose_at timestamptz
);
CREATE INDEX alarm_timer_due ON alarm_timer (due_at);

-- Work that one worker at a time does. `fence` rises with every new holder; a transaction of an old one finds that it is not its own.
CREATE TABLE worker_lease (
    task   text PRIMARY KEY,
    holder text NOT NULL,
    fence  bigint NOT NULL,
    until  timestamptz NOT NULL
);

-- One device's setting of a rule, within the bounds the profile gives; the newest that is not over holds.
CREATE TABLE rule_override (
    override_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no   integer NOT NULL REFERENCES device,
    rule        text NOT NULL,
    setting     text NOT NULL,
    value       double precision NOT NULL,
    reason      text NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_by    text,
    ended_at    timestamptz
);
CREATE UNIQUE INDEX rule_override_open ON rule_override (device_no, rule, setting) WHERE ended_at IS NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- Doses. A dose has a number and times; nothing here can name a medicine.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE dose_schedule (
    schedule_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no       integer NOT NULL REFERENCES device,
    version         integer NOT NULL CHECK (version > 0),
    times           time[] NOT NULL CHECK (cardinality(times) BETWEEN 1 AND 28),   -- wall clock, Europe/Stockholm
    weekdays        integer[] NOT NULL,
    late_minutes    integer NOT NULL CHECK (late_minutes BETWEEN 5 AND 300),
    unknown_minutes integer NOT NULL CHECK (unknown_minutes BETWEEN 0 AND 240),
    valid_from      timestamptz NOT NULL,
    entered_by      text NOT NULL,
    entered_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (device_no, version)
);
CREATE INDEX dose_schedule_device ON dose_schedule (device_no, valid_from DESC);

CREATE TABLE dose (
    device_no integer NOT NULL REFERENCES device,
    sequence  bigint NOT NULL,
    due_at    timestamptz NOT NULL,
    outcome   text NOT NULL CHECK (outcome IN ('taken', 'missed', 'unknown', 'paused')),
    since     timestamptz NOT NULL,                       -- when it happened, or the deadline that silence passed
    told      boolean NOT NULL,                           -- the machine said so
    late      boolean NOT NULL,
    known_at  timestamptz NOT NULL,                       -- when this outcome became known here
    first_outcome text NOT NULL,                          -- what was concluded first; differs where late data corrected it
    PRIMARY KEY (device_no, sequence)
);
CREATE INDEX dose_due ON dose (device_no, due_at DESC);

CREATE TABLE dose_absence (
    absence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no  integer NOT NULL REFERENCES device,
    reason     text NOT NULL CHECK (reason IN ('hospital', 'travel', 'other')),
    started_at timestamptz NOT NULL,
    started_by text NOT NULL,
    ended_at   timestamptz CHECK (ended_at > started_at),
    ended_by   text
);
CREATE UNIQUE INDEX dose_absence_open ON dose_absence (device_no) WHERE ended_at IS NULL;

CREATE TABLE roll_check (
    device_no   integer NOT NULL REFERENCES device,
    verified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    verified_by text NOT NULL,
    PRIMARY KEY (device_no, verified_at)
);

-- Whatever changes what is expected of a machine has it judged at once.
CREATE FUNCTION doses_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO evaluation_due (device_no, since) VALUES (NEW.device_no, clock_timestamp())
        ON CONFLICT (device_no) DO UPDATE SET since = excluded.since;
    PERFORM pg_notify('fjarrkoll_due', '');
    RETURN NULL;
END $$;
CREATE TRIGGER doses_changed AFTER INSERT OR UPDATE ON dose_schedule FOR EACH ROW EXECUTE FUNCTION doses_changed();
CREATE TRIGGER doses_changed AFTER INSERT OR UPDATE ON dose_absence FOR EACH ROW EXECUTE FUNCTION doses_changed();
CREATE TRIGGER doses_changed AFTER INSERT ON roll_check FOR EACH ROW EXECUTE FUNCTION doses_changed();
CREATE TRIGGER doses_changed AFTER INSERT OR UPDATE ON rule_override FOR EACH ROW EXECUTE FUNCTION doses_changed();
REVOKE ALL ON FUNCTION doses_changed FROM PUBLIC;

-- Who takes an alarm, by whichever way, and what a returned device settles, stands in the journal; one that is given back is looked at
-- at once, so that it rings again.
CREATE FUNCTION alarm_changed_hands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NEW.taken_by IS NOT NULL AND NEW.taken_by IS DISTINCT FROM OLD.taken_by THEN
        INSERT INTO alarm_journal (alarm_id, kind, actor, note) VALUES (NEW.alarm_id, 'taken', NEW.taken_by, NEW.plan);
    ELSIF NEW.taken_by IS NULL AND OLD.taken_by IS NOT NULL THEN
        INSERT INTO evaluation_due (device_no, since) VALUES (NEW.device_no, clock_timestamp())
            ON CONFLICT (device_no) DO UPDATE SET since = excluded.since;
        PERFORM pg_notify('fjarrkoll_due', '');
    END IF;
    IF NEW.cleared_why = 'the loan ended' AND OLD.cleared_at IS NULL THEN
        INSERT INTO alarm_journal (alarm_id, kind, actor, note) VALUES (NEW.alarm_id, 'cleared', 'engine', NEW.cleared_why);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER alarm_changed_hands AFTER UPDATE OF taken_by, cleared_at ON alarm FOR EACH ROW EXECUTE FUNCTION alarm_changed_hands();
REVOKE ALL ON FUNCTION alarm_changed_hands FROM PUBLIC;

-- Where the device of a loan stands, as coarse as an outage is: a home-care district or a mast's area, never an address. Empty: the
-- payer's whole territory.
ALTER TABLE loan ADD COLUMN area text NOT NULL DEFAULT '' CHECK (area ~ '^[a-zåäö0-9-]{0,40}$');

-- ---------------------------------------------------------------------------------------------------------------------
-- Row security and grants
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    entry record;
    seen text;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('dose_schedule', 'dose_schedule.valid_from >= d.loan_started_at', '''care'' = ANY ((SELECT scope_audiences())::text[])', true,  false),
        ('dose',          'dose.due_at >= d.loan_started_at', '''care'' = ANY ((SELECT scope_audiences())::text[])', false, false),
        ('dose_absence',  'dose_absence.started_at >= d.loan_started_at', '''care'' = ANY ((SELECT scope_audiences())::text[])', true,  true),
        ('roll_check',    'roll_check.verified_at >= d.loan_started_at', '''care'' = ANY ((SELECT scope_audiences())::text[])', true,  false),
        ('rule_override', 'rule_override.set_at >= d.loan_started_at', 'true', true,  true)
    ) AS policies(table_name, in_loan, also, entered, changed)
    LOOP
        seen := format('((SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = %I.device_no AND %s)) AND %s',
                       entry.table_name, entry.in_loan, entry.also);
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING (%s)',
                       entry.table_name, seen);
        IF entry.entered THEN
            EXECUTE format('CREATE POLICY enter ON %I FOR INSERT TO fjarrkoll_api WITH CHECK (EXISTS (SELECT FROM device d
                           WHERE d.device_no = %I.device_no) AND %s)', entry.table_name, entry.table_name, entry.also);
        END IF;
        IF entry.changed THEN
            EXECUTE format('CREATE POLICY change ON %I FOR UPDATE TO fjarrkoll_api USING (%s)', entry.table_name, seen);
        END IF;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)',
                       entry.table_name);
    END LOOP;
END $$;

ALTER TABLE alarm_journal ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm_journal FORCE ROW LEVEL SECURITY;
CREATE POLICY scoped ON alarm_journal FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM alarm a WHERE a.alarm_id = alarm_journal.alarm_id));
CREATE POLICY write ON alarm_journal FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM alarm a WHERE a.alarm_id = alarm_journal.alarm_id));
CREATE POLICY service ON alarm_journal TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON alarm_journal TO fjarrkoll_api, fjarrkoll_worker;
GRANT UPDATE (taken_at, taken_by, plan, handed_to, closed_by, verdict, verdict_by, verdict_at, cleared_at, cleared_why, rests, quieted_by) ON alarm
    TO fjarrkoll_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON alarm_timer, worker_lease TO fjarrkoll_worker;
GRANT SELECT, INSERT, UPDATE ON dose TO fjarrkoll_worker;
GRANT SELECT ON dose_schedule, dose_absence, roll_check, rule_override TO fjarrkoll_worker;
GRANT SELECT ON dose, dose_schedule, dose_absence, roll_check, rule_override TO fjarrkoll_api;
GRANT INSERT ON dose_schedule, dose_absence, roll_check, rule_override TO fjarrkoll_api;
GRANT UPDATE (ended_at, ended_by) ON dose_absence, rule_override TO fjarrkoll_api;
