-- Recall cases, answers and imports, and what is true at return whoever writes it. The rules of fleet/recall.py stand here once more,
-- so that no program, ours or another's, can move a case in a way its table does not know or without a line in its journal.

-- ---------------------------------------------------------------------------------------------------------------------
-- The table of transitions: a test compares it with fleet/recall.py
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE recall_move (
    before text NOT NULL,
    action text NOT NULL,
    after  text NOT NULL,
    PRIMARY KEY (before, action)
);
INSERT INTO recall_move (before, action, after) VALUES
    ('proposed', 'ask', 'asked'),
    ('proposed', 'need', 'needed'),
    ('proposed', 'confirm', 'confirmed_unused'),
    ('proposed', 'lose', 'lost'),
    ('proposed', 'wake_up', 'woken_up'),
    ('proposed', 'withdraw', 'withdrawn'),
    ('asked', 'need', 'needed'),
    ('asked', 'confirm', 'confirmed_unused'),
    ('asked', 'lose', 'lost'),
    ('asked', 'wake_up', 'woken_up'),
    ('asked', 'withdraw', 'withdrawn'),
    ('confirmed_unused', 'need', 'needed'),
    ('confirmed_unused', 'order', 'pick_up_ordered'),
    ('confirmed_unused', 'lose', 'lost'),
    ('confirmed_unused', 'wake_up', 'woken_up'),
    ('confirmed_unused', 'withdraw', 'withdrawn'),
    ('pick_up_ordered', 'need', 'needed'),
    ('pick_up_ordered', 'collect', 'collected'),
    ('pick_up_ordered', 'lose', 'lost'),
    ('pick_up_ordered', 'wake_up', 'woken_up'),
    ('pick_up_ordered', 'withdraw', 'withdrawn'),
    ('collected', 'deregister', 'deregistered'),
    ('deregistered', 'recondition', 'reconditioned'),
    ('deregistered', 'harvest', 'parts'),
    ('deregistered', 'scrap', 'scrapped'),
    ('reconditioned', 'stock', 'in_stock'),
    ('lost', 'collect', 'collected');

-- ---------------------------------------------------------------------------------------------------------------------
-- The case, and its journal
-- ---------------------------------------------------------------------------------------------------------------------

-- A case belongs to a loan, and its payer and frame see it also after the return. `action`, `changed_*` and `why` are of the latest
-- transition; the journal has all of them.
CREATE TABLE recall_case (
    case_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no       integer NOT NULL REFERENCES device,
    loan_id         integer NOT NULL REFERENCES loan,
    payer_id        integer NOT NULL REFERENCES payer,
    legal_frame     text NOT NULL REFERENCES legal_frame,
    prescriber_id   integer REFERENCES prescriber,
    individual_number text NOT NULL,      -- as it was: after the return its payer no longer sees the device, but still its own case
    device_class    text NOT NULL REFERENCES device_class,
    model_key       text NOT NULL REFERENCES device_model,
    state           text NOT NULL DEFAULT 'proposed'
                    CHECK (state IN ('proposed', 'asked', 'needed', 'confirmed_unused', 'pick_up_ordered', 'collected', 'deregistered',
                                     'reconditioned', 'parts', 'scrapped', 'in_stock', 'lost', 'woken_up', 'withdrawn')),
    action          text NOT NULL DEFAULT 'propose',
    verdict         text NOT NULL CHECK (verdict IN ('unused', 'never_started')),  -- never on silence or absence
    since           date NOT NULL,
    known_until     date NOT NULL CHECK (known_until >= since),
    days            integer NOT NULL CHECK (days >= 0),
    p_in_use        real,
    rent_sek        numeric(10, 2),       -- a month, when it was proposed
    proposed_at     timestamptz NOT NULL,
    proposed_by     text NOT NULL,
    asked_at        timestamptz,
    answered_at     timestamptz,
    snoozed_until   date,
    ordered_at      timestamptz,
    order_number    text NOT NULL DEFAULT '' CHECK (length(order_number) <= 40),
    rent_stops      date,
    pick_up_by      date,
    deregister_by   date,
    collected_at    timestamptz,
    deregistered_at timestamptz,
    closed_at       timestamptz,
    changed_at      timestamptz NOT NULL,
    changed_by      text NOT NULL,
    why             text NOT NULL CHECK (length(btrim(why)) BETWEEN 1 AND 500),
    CHECK ((state = 'needed') <= (snoozed_until IS NOT NULL)),
    CHECK ((ordered_at IS NULL) = (rent_stops IS NULL) AND (ordered_at IS NULL) = (pick_up_by IS NULL))
);
CREATE UNIQUE INDEX recall_case_open ON recall_case (device_no)
    WHERE state NOT IN ('needed', 'parts', 'scrapped', 'in_stock', 'lost', 'woken_up', 'withdrawn');
CREATE INDEX recall_case_device ON recall_case (device_no, case_id DESC);
CREATE INDEX recall_case_loan ON recall_case (loan_id);
CREATE INDEX recall_case_state ON recall_case (state, case_id);
CREATE INDEX recall_case_payer ON recall_case (payer_id, case_id);
CREATE INDEX recall_case_prescriber ON recall_case (prescriber_id, case_id);

-- Append only: nobody but the trigger below writes it, and nothing changes it.
CREATE TABLE recall_transition (
    transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id       bigint NOT NULL REFERENCES recall_case,
    at            timestamptz NOT NULL,
    before        text,                   -- NULL: the proposal
    action        text NOT NULL,
    after         text NOT NULL,
    actor         text NOT NULL,
    why           text NOT NULL
);
CREATE INDEX recall_transition_case ON recall_transition (case_id, transition_id);

-- A recall rests on data that proves no use, of the open loan alone, known lately, with nobody registered away.
CREATE FUNCTION recall_ground() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    today   date := (NEW.proposed_at AT TIME ZONE 'Europe/Stockholm')::date;
    started timestamptz;
    silent  integer;
    used    date;
BEGIN
    IF NEW.state <> 'proposed' OR NEW.action <> 'propose' THEN
        RAISE check_violation USING CONSTRAINT = 'recall_begins_proposed', MESSAGE = 'a recall case begins as a proposal';
    END IF;
    -- The lock keeps the loan from ending, and its device from being proposed twice, until this is committed.
    SELECT l.started_at, p.silent_after_days, s.last_used_day INTO started, silent, used
      FROM loan l
      JOIN device d USING (device_no)
      JOIN device_model m USING (model_key)
      JOIN idle_policy p ON p.device_class = m.device_class AND p.name = m.idle_policy
      LEFT JOIN device_state s USING (device_no)
     WHERE l.loan_id = NEW.loan_id AND l.device_no = NEW.device_no AND l.payer_id = NEW.payer_id
       AND l.legal_frame = NEW.legal_frame AND l.prescriber_id IS NOT DISTINCT FROM NEW.prescriber_id AND l.ended_at IS NULL
       FOR UPDATE OF l;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'recall_needs_open_loan', MESSAGE = 'a recall is of the loan that is open';
    END IF;
    IF NEW.since < (started AT TIME ZONE 'Europe/Stockholm')::date THEN
        RAISE check_violation USING CONSTRAINT = 'recall_across_loans', MESSAGE = 'the evidence begins before the open loan';
    END IF;
    IF today - NEW.known_until > silent THEN
        RAISE check_violation USING CONSTRAINT = 'recall_on_silence', MESSAGE = 'the device has fallen silent: nothing is known';
    END IF;
    IF used > NEW.since OR NOT EXISTS (
        SELECT FROM idle_verdict v
         WHERE v.device_no = NEW.device_no AND v.loan_started_at = started AND v.verdict = NEW.verdict AND v.step = 'propose'
           AND v.since = NEW.since AND v.last_heard_day >= NEW.known_until AND today - v.judged_day <= 3) THEN
        RAISE check_violation USING CONSTRAINT = 'recall_needs_proof', MESSAGE = 'no fresh verdict proves the device unused';
    END IF;
    IF EXISTS (SELECT FROM absence a WHERE a.loan_id = NEW.loan_id AND a.withdrawn_at IS NULL
                  AND today BETWEEN a.from_day AND coalesce(a.until_day, 'infinity')) THEN
        RAISE check_violation USING CONSTRAINT = 'recall_on_absence', MESSAGE = 'an absence is registered';
    END IF;
    IF EXISTS (SELECT FROM recall_case c WHERE c.loan_id = NEW.loan_id AND c.state = 'needed' AND c.snoozed_until >= today) THEN
        RAISE check_violation USING CONSTRAINT = 'recall_snoozed', MESSAGE = 'the answer "needed" still holds';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recall_ground BEFORE INSERT ON recall_case FOR EACH ROW EXECUTE FUNCTION recall_ground();

-- An update is a transition of the table above, or it is nothing. What a case rests on never changes.
CREATE FUNCTION recall_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM recall_move m WHERE m.before = OLD.state AND m.action = NEW.action AND m.after = NEW.state) THEN
        RAISE check_violation USING CONSTRAINT = 'recall_move_unknown',
            MESSAGE = format('from %s, %s does not lead to %s', OLD.state, NEW.action, NEW.state);
    END IF;
    IF (OLD.case_id, OLD.device_no, OLD.loan_id, OLD.payer_id, OLD.legal_frame, OLD.verdict, OLD.since, OLD.known_until, OLD.proposed_at)
       IS DISTINCT FROM
       (NEW.case_id, NEW.device_no, NEW.loan_id, NEW.payer_id, NEW.legal_frame, NEW.verdict, NEW.since, NEW.known_until, NEW.proposed_at)
    THEN
        RAISE check_violation USING CONSTRAINT = 'recall_ground_is_fixed', MESSAGE = 'what a case rests on does not change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recall_moves BEFORE UPDATE ON recall_case FOR EACH ROW EXECUTE FUNCTION recall_moves();

-- What follows from a transition, in its own transaction: its line in the journal, the end of the loan, where the device is.
CREATE FUNCTION recall_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO recall_transition (case_id, at, before, action, after, actor, why)
    VALUES (NEW.case_id, NEW.changed_at, CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, NEW.action, NEW.state, NEW.changed_by, NEW.why);
    IF NEW.state IN ('collected', 'lost') THEN
        UPDATE loan SET ended_at = greatest(NEW.changed_at, started_at + interval '1 microsecond')
         WHERE loan_id = NEW.loan_id AND ended_at IS NULL;
    END IF;
    UPDATE device
       SET stock_state = CASE WHEN NEW.state IN ('collected', 'deregistered', 'reconditioned') THEN 'reconditioning'
                              WHEN NEW.state IN ('parts', 'scrapped') THEN 'scrapped' ELSE NEW.state END
     WHERE device_no = NEW.device_no AND loan_started_at IS NULL
       AND NEW.state IN ('collected', 'deregistered', 'reconditioned', 'parts', 'scrapped', 'in_stock', 'lost');
    RETURN NULL;
END $$;
CREATE TRIGGER recall_follows AFTER INSERT OR UPDATE ON recall_case FOR EACH ROW EXECUTE FUNCTION recall_follows();

-- A journal that can be rewritten proves nothing.
CREATE FUNCTION recall_journal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'recall_journal_stays', MESSAGE = 'the journal of recall cases is append only';
END $$;
CREATE TRIGGER recall_journal_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON recall_transition
    FOR EACH STATEMENT EXECUTE FUNCTION recall_journal_stays();

-- ---------------------------------------------------------------------------------------------------------------------
-- At return, whoever ends the loan: nothing asked of the device for the previous borrower reaches the next one
-- ---------------------------------------------------------------------------------------------------------------------

-- Consent belongs to a loan: a new loan begins without.
ALTER TABLE loan ADD COLUMN consented_at timestamptz;

-- Runs after loan_changed (triggers go by name), which seals the present state and settles the alarms.
CREATE FUNCTION loan_returned() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    WITH gone AS (
        UPDATE command SET state = 'cancelled', reason = 'the loan ended'
         WHERE device_no = NEW.device_no AND state NOT IN ('succeeded', 'refused', 'failed', 'expired', 'cancelled')
        RETURNING command_id, state, reason)
    INSERT INTO command_transition (command_id, state, reason) SELECT command_id, state, reason FROM gone;
    UPDATE recall_case
       SET state = 'withdrawn', action = 'withdraw', why = 'the loan ended', changed_by = 'fjarrkoll', changed_at = now(), closed_at = now()
     WHERE loan_id = NEW.loan_id AND state IN ('proposed', 'asked', 'confirmed_unused', 'pick_up_ordered');
    RETURN NULL;
END $$;
CREATE TRIGGER loan_returned AFTER UPDATE OF ended_at ON loan FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION loan_returned();

-- ---------------------------------------------------------------------------------------------------------------------
-- Who pays for what
-- ---------------------------------------------------------------------------------------------------------------------

-- A dispenser with an administration service is always prescribed to a person, never pooled (mission.md, "Who uses it").
ALTER TABLE device ADD COLUMN administration_service boolean NOT NULL DEFAULT false;
ALTER TABLE device ADD CONSTRAINT administration_service_is_personal CHECK (NOT (administration_service AND basic_equipment));

-- ---------------------------------------------------------------------------------------------------------------------
-- Imports: what was taken, and the rows that were not, as they came
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE import_run (
    import_id   uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('answers', 'register')),
    file_name   text NOT NULL,
    file_sha256 bytea NOT NULL,
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    taken       integer NOT NULL,
    unchanged   integer NOT NULL,
    refused     integer NOT NULL
);
CREATE TABLE import_refusal (
    import_id uuid NOT NULL REFERENCES import_run,
    row_no    integer NOT NULL,           -- as the spreadsheet program numbers it
    reason    text NOT NULL,
    cells     jsonb NOT NULL,
    PRIMARY KEY (import_id, row_no)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Who sees what
-- ---------------------------------------------------------------------------------------------------------------------

CREATE POLICY scoped ON recall_case FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
CREATE POLICY propose ON recall_case FOR INSERT TO fjarrkoll_api
    WITH CHECK (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
CREATE POLICY move ON recall_case FOR UPDATE TO fjarrkoll_api
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
CREATE POLICY scoped ON recall_transition FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM recall_case c WHERE c.case_id = recall_transition.case_id));
-- A return is written by whoever sees the loan.
CREATE POLICY hand_back ON loan FOR UPDATE TO fjarrkoll_api
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
-- A refused row may hold anything of anyone.
CREATE POLICY scoped ON import_run FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING ((SELECT scope_whole_life()));
CREATE POLICY scoped ON import_refusal FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING ((SELECT scope_whole_life()));
CREATE POLICY add ON import_run FOR INSERT TO fjarrkoll_api WITH CHECK (true);
CREATE POLICY add ON import_refusal FOR INSERT TO fjarrkoll_api WITH CHECK (true);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['recall_case', 'recall_transition', 'import_run', 'import_refusal']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION recall_ground, recall_moves, recall_follows, recall_journal_stays, loan_returned FROM PUBLIC;

GRANT SELECT ON recall_move TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;
GRANT SELECT ON recall_case, recall_transition TO fjarrkoll_worker, fjarrkoll_api;
GRANT SELECT (case_id, device_no, payer_id, legal_frame, prescriber_id, device_class, model_key, state, verdict, since, known_until, days, rent_sek, proposed_at,
              answered_at, ordered_at, rent_stops, pick_up_by, deregister_by, collected_at, deregistered_at, closed_at, changed_at)
    ON recall_case TO fjarrkoll_grafana;
GRANT INSERT ON recall_case TO fjarrkoll_api;
GRANT UPDATE (state, action, asked_at, answered_at, snoozed_until, ordered_at, order_number, rent_stops, pick_up_by, deregister_by,
              collected_at, deregistered_at, closed_at, changed_at, changed_by, why) ON recall_case TO fjarrkoll_api, fjarrkoll_worker;
GRANT UPDATE (ended_at, consented_at) ON loan TO fjarrkoll_api;
GRANT SELECT, INSERT ON import_run, import_refusal TO fjarrkoll_api;
