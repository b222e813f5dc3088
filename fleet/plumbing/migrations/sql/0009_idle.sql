-- The idle verdict with its evidence: which days a device was heard and used, what people have registered about its use, and one
-- verdict per device in its open loan. Only `fjarrkoll idle refresh` and the worker write verdicts; people write absences.

-- ---------------------------------------------------------------------------------------------------------------------
-- Days, for services only: one bit per device and Swedish local day, 4,096 devices a row, so that a region's year is read in a second
-- ---------------------------------------------------------------------------------------------------------------------

-- Device n is bit n % 4096 of block n / 4096; bit 0 of a byte is the lowest, as get_bit and set_bit count. A day that is not heard says
-- nothing; a day that is heard and not used says that the device was not used.
CREATE TABLE day_block (
    block_no  integer NOT NULL,
    local_day date NOT NULL,
    heard     bytea NOT NULL CHECK (length(heard) = 512),
    used      bytea NOT NULL CHECK (length(used) = 512),
    PRIMARY KEY (block_no, local_day)
);

-- How far the days have been taken in from what ingest stored, per class.
CREATE TABLE day_block_progress (
    device_class   text PRIMARY KEY,
    received_until timestamptz NOT NULL,  -- every reading received until then has its day
    days_until     date NOT NULL,         -- days before this one have been taken from usage and roll-ups
    seen_xid       xid8                   -- every change of usage by an older transaction has been taken; NULL: look at all
);

GRANT SELECT, INSERT, UPDATE, DELETE ON day_block, day_block_progress TO fjarrkoll_worker;

-- ---------------------------------------------------------------------------------------------------------------------
-- What people and registers say about a loan
-- ---------------------------------------------------------------------------------------------------------------------

-- By which way a device's data comes: its maker's feed, or a gateway. When a source stops, its devices are not unused but unheard.
CREATE TABLE data_source (
    source_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code      text NOT NULL UNIQUE,
    title     text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('maker_feed', 'gateway'))
);

CREATE TABLE source_outage (
    source_id integer NOT NULL REFERENCES data_source,
    from_day  date NOT NULL,
    until_day date CHECK (until_day >= from_day),  -- NULL: not over
    reason    text NOT NULL,
    noted_by  text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, from_day)
);
GRANT SELECT ON data_source, source_outage TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;

-- borrower_key is an opaque key that tells only that two loans are the same person's; never a name or a personal number.
CREATE TABLE loan_use (
    loan_id                  integer PRIMARY KEY REFERENCES loan,
    device_no                integer NOT NULL REFERENCES device,
    source_id                integer REFERENCES data_source,
    borrower_key             text CHECK (length(borrower_key) BETWEEN 1 AND 64),
    prescribed_interval_days integer CHECK (prescribed_interval_days BETWEEN 1 AND 366)
);
CREATE INDEX loan_use_device ON loan_use (device_no);
CREATE INDEX loan_use_borrower ON loan_use (borrower_key) WHERE borrower_key IS NOT NULL;

-- Days on which the borrower is known to be away; until_day NULL: still away. A withdrawn one counts for nothing.
CREATE TABLE absence (
    absence_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    loan_id      integer NOT NULL REFERENCES loan,
    device_no    integer NOT NULL REFERENCES device,
    from_day     date NOT NULL,
    until_day    date CHECK (until_day >= from_day),
    kind         text NOT NULL CHECK (kind IN ('hospital', 'respite', 'travel', 'repair', 'other')),
    noted_by     text NOT NULL,
    noted_at     timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz
);
CREATE INDEX absence_device ON absence (device_no);

-- A person has registered that another device took over.
CREATE TABLE device_replacement (
    loan_id     integer PRIMARY KEY REFERENCES loan,
    device_no   integer NOT NULL REFERENCES device,
    replaced_by integer NOT NULL REFERENCES device CHECK (replaced_by <> device_no),
    from_day    date NOT NULL,
    noted_by    text NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_replacement_device ON device_replacement (device_no);

-- ---------------------------------------------------------------------------------------------------------------------
-- The verdict
-- ---------------------------------------------------------------------------------------------------------------------

-- One row per device, judged in the loan that began at loan_started_at (NULL: in store); a row of an earlier loan is no longer shown.
-- A row is written when what it says changes. What changes every day of its own accord is not in it: `used` has no `since` (it is
-- device_state.last_used_day), and `days` stands only where days were proven unused (else: today - since).
-- The sentences are made from these numbers by fleet/idle_words.py, so that they say the same in both languages.
CREATE TABLE idle_verdict (
    device_no       integer PRIMARY KEY REFERENCES device,
    loan_started_at timestamptz,
    verdict         text NOT NULL,
    step            text NOT NULL CHECK (step IN ('none', 'note', 'contact', 'propose')),
    proven_unused   boolean NOT NULL GENERATED ALWAYS AS (verdict IN ('unused', 'never_started', 'replaced')) STORED,
    since           date,              -- last used, last heard, first heard, or the loan's first day
    days            integer,           -- days proven unused
    judged_day      date NOT NULL,
    judged_at       timestamptz NOT NULL,
    content         bigint NOT NULL DEFAULT 0,   -- changes with what the row says
    last_used_day   date,
    last_heard_day  date,
    unheard_days    integer,           -- since `since`, up to the last heard day: nothing is known about them
    absent_days     integer,           -- since `since`: registered absences, not counted
    quiet_days      integer,           -- since `since`: proven unused in quiet months, not counted against the ordinary limits
    note_days       integer,           -- the limits that applied, after prescription and the person's own rhythm
    contact_days    integer,
    propose_days    integer,
    usual_gap_days  real,              -- the median of the person's own gaps between used days
    longest_gap_days real,             -- their 95th percentile; NULL with fewer than ten gaps
    source_id       integer REFERENCES data_source,
    other_device_no integer REFERENCES device,    -- the device that took over, or was used on the same days
    double_days     integer NOT NULL DEFAULT 0,   -- days on which both were used
    p_in_use        real,              -- statistical second opinion; NULL where it has none
    p_low           real,
    p_high          real,
    opinion         text NOT NULL DEFAULT 'none' CHECK (opinion IN ('none', 'agrees', 'disagrees')),
    recent_days     text,              -- a letter per day up to judged_day, newest last (fleet/idle.py, DayMark), where proven
    rent_sek        numeric(10, 2),    -- a month, at judged_day's price
    cost_sek        numeric(12, 2)     -- rent of the days proven unused, at the prices of those days; NULL where nothing is proven
) WITH (fillfactor = 80);
-- Those whose verdict rests on another device's days, too.
CREATE INDEX idle_verdict_paired ON idle_verdict (device_no) WHERE other_device_no IS NOT NULL OR double_days > 0;
CREATE INDEX idle_verdict_proven ON idle_verdict (proven_unused, since, device_no);
CREATE INDEX idle_verdict_list ON idle_verdict (verdict, since, device_no);
CREATE INDEX idle_verdict_step ON idle_verdict (step, since, device_no) WHERE step <> 'none';

-- What the next run must know of each verdict to tell whether it can have become another one: 4,096 devices a row as in day_block, 12 bytes a
-- device (diagnostics/idle/entries.py), so that a region's are read in a moment.
CREATE TABLE verdict_block (
    block_no integer PRIMARY KEY,
    entries  bytea NOT NULL CHECK (length(entries) = 4096 * 12)
);

-- What all verdicts rest on together, one row. While it is the same, only devices with something new are judged.
CREATE TABLE idle_basis (
    single      boolean PRIMARY KEY DEFAULT true CHECK (single),
    first_day   date NOT NULL,                 -- no day before it is looked at
    digest      text NOT NULL,                 -- of rules, policies, prices in force and what was learnt
    quiet_worth double precision[] NOT NULL,   -- per policy: what a day in a quiet month is worth
    sources     jsonb NOT NULL,                -- source to the day since which it stands still, counted from 2000-01-01
    learnt_at   timestamptz NOT NULL,
    devices     integer NOT NULL
);

-- Devices of which something that a verdict rests on was written: facts of the register, absences, loans. Only ever added to, so that
-- whoever writes waits for no run; a run takes away what it has read.
CREATE TABLE idle_due (
    due_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no integer NOT NULL
);

CREATE FUNCTION idle_due_device() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN INSERT INTO idle_due (device_no) VALUES (OLD.device_no); END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND NEW.device_no <> OLD.device_no THEN
        INSERT INTO idle_due (device_no) VALUES (NEW.device_no);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION idle_due_devices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO idle_due (device_no) SELECT device_no FROM made;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION idle_due_device, idle_due_devices FROM PUBLIC;
CREATE TRIGGER idle_due_made AFTER INSERT ON device REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION idle_due_devices();
CREATE TRIGGER idle_due_changed AFTER UPDATE ON device FOR EACH ROW
    WHEN ((OLD.device_class, OLD.model_key, OLD.enrolled_at, OLD.loan_started_at, OLD.earlier_loan_ended_at, OLD.payer_id, OLD.legal_frame,
           OLD.depot_id, OLD.stock_state)
          IS DISTINCT FROM (NEW.device_class, NEW.model_key, NEW.enrolled_at, NEW.loan_started_at, NEW.earlier_loan_ended_at, NEW.payer_id,
                            NEW.legal_frame, NEW.depot_id, NEW.stock_state))
    EXECUTE FUNCTION idle_due_device();
CREATE TRIGGER idle_due_changed AFTER UPDATE OF prescriber_id ON loan FOR EACH ROW
    WHEN (OLD.prescriber_id IS DISTINCT FROM NEW.prescriber_id) EXECUTE FUNCTION idle_due_device();
CREATE TRIGGER idle_due_changed AFTER INSERT OR UPDATE OR DELETE ON loan_use FOR EACH ROW EXECUTE FUNCTION idle_due_device();
CREATE TRIGGER idle_due_changed AFTER INSERT OR UPDATE OR DELETE ON absence FOR EACH ROW EXECUTE FUNCTION idle_due_device();
CREATE TRIGGER idle_due_changed AFTER INSERT OR UPDATE OR DELETE ON device_replacement FOR EACH ROW EXECUTE FUNCTION idle_due_device();
GRANT SELECT, INSERT, UPDATE, DELETE ON verdict_block, idle_basis, idle_due TO fjarrkoll_worker;

-- One row per run; the newest says how fresh the verdicts are.
CREATE TABLE idle_run (
    judged_at  timestamptz PRIMARY KEY,
    judged_day date NOT NULL,
    devices    integer NOT NULL,
    written    integer NOT NULL,
    seconds    real NOT NULL
);
GRANT SELECT ON idle_run TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;
GRANT INSERT, DELETE ON idle_run TO fjarrkoll_worker;

-- The denominators, counted by each run, so that no page counts a region: every device is in exactly one row.
CREATE TABLE idle_figure (
    payer_id      integer REFERENCES payer,
    legal_frame   text REFERENCES legal_frame,
    device_class  text NOT NULL,
    prescriber_id integer,
    depot_id      integer,
    verdict       text NOT NULL,
    step          text NOT NULL,
    devices       integer NOT NULL,
    rent_sek      numeric(14, 2) NOT NULL,  -- a month
    cost_sek      numeric(16, 2) NOT NULL   -- so far, of the days proven unused
);
CREATE INDEX idle_figure_payer ON idle_figure (payer_id);

-- When a verdict or step became another: the history behind "since when".
CREATE TABLE idle_verdict_change (
    device_no       integer NOT NULL REFERENCES device,
    loan_started_at timestamptz,
    judged_day      date NOT NULL,
    changed_at      timestamptz NOT NULL,
    verdict         text NOT NULL,
    step            text NOT NULL,
    PRIMARY KEY (device_no, changed_at)
);

-- What a device's model has learnt from its fleet, per class and model: the second opinion's parameters and how well they fit.
CREATE TABLE idle_fit (
    device_class text NOT NULL,
    model_key    text NOT NULL,        -- empty: the whole class
    parameters   double precision[] NOT NULL,
    devices      integer NOT NULL,
    fitted_at    timestamptz NOT NULL,
    PRIMARY KEY (device_class, model_key)
);

DO $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('loan_use',            'l.loan_id = loan_use.loan_id'),
        ('absence',             'l.loan_id = absence.loan_id'),
        ('device_replacement',  'l.loan_id = device_replacement.loan_id'),
        ('idle_verdict',        NULL),
        ('idle_verdict_change', NULL)
    ) AS tables(name, of_loan)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry.name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)', entry.name);
        -- Of the loan that is open, to those who see the device; its whole life to those who see everything.
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
            USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM %s))', entry.name,
            CASE WHEN entry.of_loan IS NOT NULL
                 THEN format('loan l WHERE %s AND l.ended_at IS NULL', entry.of_loan)
                 ELSE format('device d WHERE d.device_no = %1$I.device_no AND d.loan_started_at IS NOT DISTINCT FROM %1$I.loan_started_at', entry.name)
            END);
    END LOOP;
END $$;

-- People register absences and replacements of loans that they see and that are open.
CREATE POLICY register ON absence FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM loan l WHERE l.loan_id = absence.loan_id AND l.device_no = absence.device_no AND l.ended_at IS NULL));
CREATE POLICY correct ON absence FOR UPDATE TO fjarrkoll_api
    USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM loan l WHERE l.loan_id = absence.loan_id AND l.ended_at IS NULL));

-- Sums of devices are seen by those who see the devices.
ALTER TABLE idle_figure ENABLE ROW LEVEL SECURITY;
ALTER TABLE idle_figure FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON idle_figure TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true);
CREATE POLICY scoped ON idle_figure FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
GRANT SELECT ON idle_figure TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;
GRANT INSERT, DELETE ON idle_figure TO fjarrkoll_worker;

-- The days that ingest keeps lie in the order in which they came: a block range index finds the latest ones and costs ingest nothing.
CREATE INDEX usage_day_day ON usage_day USING brin (local_day);

GRANT SELECT ON loan_use, absence, device_replacement, idle_verdict, idle_verdict_change, idle_fit TO fjarrkoll_worker, fjarrkoll_api;
GRANT SELECT ON idle_verdict, idle_fit TO fjarrkoll_reader, fjarrkoll_grafana;
GRANT INSERT, UPDATE, DELETE ON idle_verdict, idle_fit TO fjarrkoll_worker;
GRANT INSERT ON idle_verdict_change TO fjarrkoll_worker;
GRANT INSERT ON absence TO fjarrkoll_api;
GRANT UPDATE (until_day, withdrawn_at) ON absence TO fjarrkoll_api;
