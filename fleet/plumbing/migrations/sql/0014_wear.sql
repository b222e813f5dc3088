-- How long devices last and what is repaired, buffer stores, and what people write about loans: absences, replacements, intervals,
-- sources, consent.

-- ---------------------------------------------------------------------------------------------------------------------
-- A device's life: when it was acquired, and when it left service. NULL: nobody has said
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE device ADD COLUMN acquired_on date, ADD COLUMN out_of_service_on date;

-- A lost device that turns up is in service again; one that was lost and is then scrapped left service when it was lost.
CREATE FUNCTION device_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    NEW.out_of_service_on := CASE WHEN NEW.stock_state IN ('scrapped', 'lost')
                                  THEN coalesce(OLD.out_of_service_on, (now() AT TIME ZONE 'Europe/Stockholm')::date) END;
    RETURN NEW;
END $$;
CREATE TRIGGER device_ends BEFORE UPDATE OF stock_state ON device FOR EACH ROW
    WHEN (OLD.stock_state IS DISTINCT FROM NEW.stock_state) EXECUTE FUNCTION device_ends();

-- Repairs that another system has the order of; those of our own orders are in work_order.
CREATE TABLE device_repair (
    repair_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no     integer NOT NULL REFERENCES device,
    done_on       date NOT NULL,
    reference     text NOT NULL CHECK (length(reference) BETWEEN 1 AND 40),  -- the other system's number: a list may come again
    cause         text NOT NULL DEFAULT '' CHECK (length(cause) <= 200),
    minutes_spent integer CHECK (minutes_spent BETWEEN 0 AND 100000),
    cost_sek      numeric(10, 2) CHECK (cost_sek >= 0),
    noted_by      text NOT NULL,
    noted_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (device_no, reference)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Buffer stores
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE buffer_store (
    store_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9_.-]{1,60}$'),
    title    text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    depot_id integer REFERENCES depot       -- that fills it up
);

CREATE TABLE buffer_placement (
    placement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no    integer NOT NULL REFERENCES device,
    store_id     integer NOT NULL REFERENCES buffer_store,
    placed_on    date NOT NULL,
    taken_on     date CHECK (taken_on >= placed_on),  -- NULL: it is there
    placed_by    text NOT NULL
);
CREATE UNIQUE INDEX buffer_placement_open ON buffer_placement (device_no) WHERE taken_on IS NULL;
CREATE INDEX buffer_placement_store ON buffer_placement (store_id) WHERE taken_on IS NULL;

CREATE FUNCTION placement_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NEW.taken_on IS NULL THEN
        UPDATE device SET stock_state = 'buffer_store' WHERE device_no = NEW.device_no AND stock_state = 'in_stock';
    ELSE
        UPDATE device SET stock_state = 'in_stock' WHERE device_no = NEW.device_no AND stock_state = 'buffer_store';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER placement_follows AFTER INSERT OR UPDATE OF taken_on ON buffer_placement FOR EACH ROW EXECUTE FUNCTION placement_follows();

-- A device that is lent, scrapped or lost is in no buffer store any more, whoever writes it.
CREATE FUNCTION leaves_store() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE buffer_placement SET taken_on = greatest(placed_on, (now() AT TIME ZONE 'Europe/Stockholm')::date)
     WHERE device_no = NEW.device_no AND taken_on IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER leaves_store AFTER UPDATE OF stock_state ON device FOR EACH ROW
    WHEN (OLD.stock_state = 'buffer_store' AND NEW.stock_state IN ('on_loan', 'reconditioning', 'scrapped', 'lost'))
    EXECUTE FUNCTION leaves_store();

-- Days heard and used of the devices in buffer stores since a day. Days belong to services; those who see every payer may ask for the sums.
CREATE FUNCTION store_use(since date) RETURNS TABLE (device_no integer, heard integer, used integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT p.device_no, (count(*) FILTER (WHERE get_bit(b.heard, p.device_no % 4096) = 1))::integer,
           (count(*) FILTER (WHERE get_bit(b.used, p.device_no % 4096) = 1))::integer
      FROM buffer_placement p
      JOIN day_block b ON b.block_no = p.device_no / 4096 AND b.local_day >= greatest(p.placed_on, since)
     WHERE p.taken_on IS NULL AND scope_all_payers()
     GROUP BY 1
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- What people write about a loan
-- ---------------------------------------------------------------------------------------------------------------------

-- An absence of a dispenser's user that somebody may tell its dose alarms of rests them; this is the pause that belongs to it.
ALTER TABLE absence ADD COLUMN dose_absence_id bigint;

CREATE POLICY enter ON loan_use FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM loan l WHERE l.loan_id = loan_use.loan_id AND l.device_no = loan_use.device_no AND l.ended_at IS NULL));
CREATE POLICY change ON loan_use FOR UPDATE TO fjarrkoll_api
    USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM loan l WHERE l.loan_id = loan_use.loan_id AND l.ended_at IS NULL));
CREATE POLICY register ON device_replacement FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM loan l WHERE l.loan_id = device_replacement.loan_id AND l.device_no = device_replacement.device_no
                                             AND l.ended_at IS NULL));
CREATE POLICY withdraw ON device_replacement FOR DELETE TO fjarrkoll_api
    USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM loan l WHERE l.loan_id = device_replacement.loan_id AND l.ended_at IS NULL));
CREATE POLICY equip ON device FOR UPDATE TO fjarrkoll_api
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));

GRANT INSERT ON loan_use, device_replacement TO fjarrkoll_api;
GRANT UPDATE (source_id, borrower_key, prescribed_interval_days) ON loan_use TO fjarrkoll_api;
GRANT DELETE ON device_replacement TO fjarrkoll_api;
GRANT UPDATE (dose_absence_id) ON absence TO fjarrkoll_api;
GRANT UPDATE (basic_equipment, administration_service) ON device TO fjarrkoll_api;
GRANT INSERT ON data_source, source_outage TO fjarrkoll_api;
GRANT UPDATE (title, kind) ON data_source TO fjarrkoll_api;
GRANT UPDATE (until_day, reason) ON source_outage TO fjarrkoll_api;

ALTER TABLE import_run DROP CONSTRAINT import_run_kind_check;
ALTER TABLE import_run ADD CONSTRAINT import_run_kind_check
    CHECK (kind IN ('answers', 'register', 'absences', 'loan_facts', 'repairs', 'placements'));

-- ---------------------------------------------------------------------------------------------------------------------
-- Who sees and writes what: as 0001_row_security.sql
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('device_repair',    '(device_repair.done_on + 1)::timestamp AT TIME ZONE ''Europe/Stockholm'' > d.loan_started_at'),
        ('buffer_placement', 'coalesce((buffer_placement.taken_on + 1)::timestamp AT TIME ZONE ''Europe/Stockholm'', ''infinity'') > d.loan_started_at')
    ) AS policies(table_name, in_loan)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)',
                       entry.table_name);
        EXECUTE format('CREATE POLICY scoped ON %1$I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
            USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = %1$I.device_no AND %2$s))',
                       entry.table_name, entry.in_loan);
        EXECUTE format('CREATE POLICY enter ON %1$I FOR INSERT TO fjarrkoll_api
            WITH CHECK (EXISTS (SELECT FROM device d WHERE d.device_no = %1$I.device_no))', entry.table_name);
    END LOOP;
END $$;
CREATE POLICY take ON buffer_placement FOR UPDATE TO fjarrkoll_api
    USING ((SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = buffer_placement.device_no
        AND coalesce((buffer_placement.taken_on + 1)::timestamp AT TIME ZONE 'Europe/Stockholm', 'infinity') > d.loan_started_at));

REVOKE ALL ON FUNCTION device_ends, placement_follows, leaves_store, store_use FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store_use TO fjarrkoll_api;

GRANT SELECT, INSERT ON device_repair, buffer_placement, buffer_store TO fjarrkoll_api;
GRANT SELECT ON device_repair, buffer_placement, buffer_store TO fjarrkoll_worker;
GRANT UPDATE (title, depot_id) ON buffer_store TO fjarrkoll_api;
GRANT UPDATE (taken_on) ON buffer_placement TO fjarrkoll_api;

-- Grafana draws the centre's picture: units' names, and how cases were answered, but not by whom nor in which words.
GRANT SELECT ON prescriber TO fjarrkoll_grafana;
GRANT SELECT (case_id, at, before, action, after) ON recall_transition TO fjarrkoll_grafana;
