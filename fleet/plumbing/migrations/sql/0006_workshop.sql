-- The technician's day: approved software, services done, software changes, work orders and what became of them.

-- ---------------------------------------------------------------------------------------------------------------------
-- What a device must be before it is handed out: data that an installation changes while it runs
-- ---------------------------------------------------------------------------------------------------------------------

-- The newest version that is not withdrawn is the wanted one; each of the others that are not withdrawn may be handed out, too.
CREATE TABLE approved_software (
    model_key    text NOT NULL,
    version      text NOT NULL CHECK (length(version) BETWEEN 1 AND 60),
    approved_at  timestamptz NOT NULL DEFAULT now(),
    approved_by  text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    note         text NOT NULL DEFAULT '',
    PRIMARY KEY (model_key, version)
);

-- The maker's schedule per model; every_days NULL: the maker asks for none. No row: nobody has said, which is not the same.
CREATE TABLE service_interval (
    model_key  text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('inspection', 'calibration', 'maintenance')),
    every_days integer CHECK (every_days BETWEEN 1 AND 7300),
    source     text NOT NULL DEFAULT '',   -- where it says so, such as the manual's page
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model_key, kind)
);

-- Done on a device; it stays with the device over all loans.
CREATE TABLE device_service (
    service_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no   integer NOT NULL REFERENCES device,
    kind        text NOT NULL CHECK (kind IN ('inspection', 'calibration', 'maintenance')),
    done_on     date NOT NULL,
    passed      boolean NOT NULL,
    note        text NOT NULL DEFAULT '',
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_service_device ON device_service (device_no, kind, done_on DESC);

-- Numbers the workshop reckons with. Each is an assumption until the installation sets its own.
CREATE TABLE workshop_setting (
    name   text PRIMARY KEY,
    value  integer NOT NULL,
    basis  text NOT NULL,
    set_by text NOT NULL DEFAULT '',
    set_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO workshop_setting (name, value, basis) VALUES
    ('visit_minutes', 180, 'antagande: en resa och ett besök tar tre timmar; mät och sätt er egen siffra'),
    ('opens_minute', 420, 'antagande: verkstaden öppnar 07.00'),
    ('closes_minute', 960, 'antagande: verkstaden stänger 16.00'),
    ('half_day_closes_minute', 840, 'halvdagar slutar 14.00'),
    ('contact_hours', 24, 'antagande: hört det senaste dygnet före utlämning'),
    ('clock_seconds', 300, 'antagande: klockan får gå högst fem minuter fel'),
    ('battery_health_percent', 70, 'antagande: batterihälsa under 70 procent räcker inte en dag'),
    ('battery_charge_percent', 50, 'antagande: minst halva laddningen vid utlämning'),
    ('recurs_days', 30, 'antagande: samma fel inom 30 dagar räknas som inte åtgärdat');

-- ---------------------------------------------------------------------------------------------------------------------
-- Software changes: the device row keeps only the latest version
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE software_change (
    change_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no      integer NOT NULL REFERENCES device,
    known_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- server time; when it was installed nobody said
    firmware_from  text NOT NULL,
    firmware_to    text NOT NULL,
    model_key_from text NOT NULL,
    model_key_to   text NOT NULL
);
CREATE INDEX software_change_device ON software_change (device_no, known_at DESC);

CREATE FUNCTION keep_software_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO software_change (device_no, firmware_from, firmware_to, model_key_from, model_key_to)
    VALUES (NEW.device_no, OLD.firmware, NEW.firmware, OLD.model_key, NEW.model_key);
    RETURN NULL;
END $$;
CREATE TRIGGER software_changed AFTER UPDATE OF firmware, model_key ON device FOR EACH ROW
    WHEN ((OLD.firmware, OLD.model_key) IS DISTINCT FROM (NEW.firmware, NEW.model_key)) EXECUTE FUNCTION keep_software_change();

-- ---------------------------------------------------------------------------------------------------------------------
-- Work orders
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE work_order (
    order_id       bigint GENERATED ALWAYS AS IDENTITY (START WITH 100001) PRIMARY KEY,
    device_no      integer NOT NULL REFERENCES device,
    state          text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'placed', 'started', 'done', 'cancelled')),
    priority       text NOT NULL CHECK (priority IN ('on_call', 'acute', 'ordinary')),
    audience       text NOT NULL,
    title_sv       text NOT NULL,
    title_en       text NOT NULL,
    description    text NOT NULL DEFAULT '',
    parts          text[] NOT NULL DEFAULT '{}',     -- to bring
    reported_at    timestamptz NOT NULL,             -- the clocks run from here
    start_by       timestamptz NOT NULL,
    done_by        timestamptz NOT NULL,
    created_by     text NOT NULL,
    technician     text NOT NULL DEFAULT '',         -- a unit's or a login's name, never a user's
    started_at     timestamptz,
    closed_at      timestamptz,
    -- the outcome, of orders that are done
    solved         text CHECK (solved IN ('remotely', 'visit', 'exchanged', 'no_fault_found')),
    cause          text NOT NULL DEFAULT '',
    parts_used     text[] NOT NULL DEFAULT '{}',
    visits         integer CHECK (visits BETWEEN 0 AND 50),
    first_visit_fixed boolean,                       -- NULL: no visit, or not known
    minutes_spent  integer CHECK (minutes_spent BETWEEN 0 AND 100000),
    CHECK ((state = 'done') = (solved IS NOT NULL)),
    CHECK ((state IN ('done', 'cancelled')) = (closed_at IS NOT NULL))
);
CREATE INDEX work_order_open ON work_order (done_by, order_id) WHERE state IN ('draft', 'placed', 'started');
CREATE INDEX work_order_due ON work_order (done_by, order_id);
CREATE INDEX work_order_device ON work_order (device_no, reported_at DESC);
CREATE INDEX work_order_closed ON work_order (closed_at) WHERE closed_at IS NOT NULL;

-- What led to an order. The same finding of a device is in at most one open order.
CREATE TABLE work_order_finding (
    finding_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES work_order,
    device_no   integer NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('fault', 'alarm', 'diagnosis', 'person')),
    reference   text NOT NULL,
    finding_key text NOT NULL,
    fault_code  text,
    title_sv    text NOT NULL,
    title_en    text NOT NULL,
    happened_at timestamptz NOT NULL,
    known_at    timestamptz NOT NULL,
    noted_by    text NOT NULL,
    is_open     boolean NOT NULL DEFAULT true,
    UNIQUE (order_id, kind, reference)
);
CREATE INDEX work_order_finding_order ON work_order_finding (order_id);
CREATE INDEX work_order_finding_open ON work_order_finding (device_no, finding_key) WHERE is_open;

CREATE TABLE work_order_transition (
    order_id bigint NOT NULL REFERENCES work_order,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    state    text NOT NULL,
    reason   text NOT NULL DEFAULT '',
    by_whom  text NOT NULL
);
CREATE INDEX work_order_transition_order ON work_order_transition (order_id, at);

-- What the fleet has taught: how often a fault turned out to be which cause. Counts only, over every payer.
CREATE TABLE cause_outcome (
    device_class      text NOT NULL,
    model_key         text NOT NULL,
    fault_code        text NOT NULL,
    cause             text NOT NULL,
    orders            integer NOT NULL DEFAULT 0,
    solved_remotely   integer NOT NULL DEFAULT 0,
    visited           integer NOT NULL DEFAULT 0,
    first_visit_known integer NOT NULL DEFAULT 0,
    first_visit_fixed integer NOT NULL DEFAULT 0,
    minutes_known     integer NOT NULL DEFAULT 0,
    minutes_spent     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (device_class, model_key, fault_code, cause)
);

-- Lists for a hand-out are asked for by depot, model or prescribing unit.
CREATE INDEX device_depot ON device (depot_id, individual_number);
CREATE INDEX device_of_model ON device (model_key, individual_number);
CREATE INDEX loan_of_unit ON loan (prescriber_id) WHERE ended_at IS NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- Who sees and writes what: as 0001_row_security.sql
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    entry record;
    condition text;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('device_service',  'true', 'true'),
        ('software_change', 'software_change.known_at >= d.loan_started_at', 'true'),
        ('work_order',      'work_order.reported_at >= d.loan_started_at', 'audience = ANY ((SELECT scope_audiences())::text[])')
    ) AS policies(table_name, in_loan, also)
    LOOP
        condition := format('((SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = %I.device_no AND %s)) AND %s',
                            entry.table_name, entry.in_loan, entry.also);
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING (%s)',
                       entry.table_name, condition);
        IF entry.table_name = 'work_order' THEN
            EXECUTE format('CREATE POLICY work ON work_order FOR UPDATE TO fjarrkoll_api USING (%s)', condition);
        END IF;
    END LOOP;
END $$;

CREATE POLICY scoped ON work_order_finding FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM work_order w WHERE w.order_id = work_order_finding.order_id));
CREATE POLICY scoped ON work_order_transition FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM work_order w WHERE w.order_id = work_order_transition.order_id));

CREATE POLICY note ON device_service FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM device d WHERE d.device_no = device_service.device_no));
CREATE POLICY draft ON work_order FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM device d WHERE d.device_no = work_order.device_no) AND audience = ANY ((SELECT scope_audiences())::text[]));
CREATE POLICY note ON work_order_finding FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM work_order w WHERE w.order_id = work_order_finding.order_id AND w.device_no = work_order_finding.device_no));
CREATE POLICY settle ON work_order_finding FOR UPDATE TO fjarrkoll_api
    USING (EXISTS (SELECT FROM work_order w WHERE w.order_id = work_order_finding.order_id));
CREATE POLICY trace ON work_order_transition FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM work_order w WHERE w.order_id = work_order_transition.order_id));

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['device_service', 'software_change', 'work_order', 'work_order_finding', 'work_order_transition']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;

GRANT SELECT ON approved_software, service_interval, workshop_setting, cause_outcome TO fjarrkoll_worker, fjarrkoll_api;
GRANT INSERT ON approved_software, service_interval TO fjarrkoll_api;
GRANT UPDATE (approved_at, approved_by, withdrawn_at, withdrawn_by, note) ON approved_software TO fjarrkoll_api;
GRANT UPDATE (every_days, source, set_by, set_at) ON service_interval TO fjarrkoll_api;
GRANT UPDATE (value, basis, set_by, set_at) ON workshop_setting TO fjarrkoll_api;
GRANT INSERT, UPDATE ON cause_outcome TO fjarrkoll_api;

GRANT SELECT ON device_service, software_change, work_order, work_order_finding, work_order_transition TO fjarrkoll_api, fjarrkoll_worker;
GRANT INSERT ON device_service, work_order, work_order_finding, work_order_transition TO fjarrkoll_api;
GRANT UPDATE (state, priority, start_by, done_by, technician, description, parts, started_at, closed_at, solved, cause, parts_used, visits,
              first_visit_fixed, minutes_spent) ON work_order TO fjarrkoll_api;
GRANT UPDATE (is_open) ON work_order_finding TO fjarrkoll_api;
GRANT INSERT ON software_change TO fjarrkoll_ingest, fjarrkoll_worker;
GRANT SELECT ON software_change TO fjarrkoll_ingest;
