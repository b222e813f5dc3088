-- What a device was when a fault came: its class and model beside its software, so that the fleet's faults are grouped without every device.
ALTER TABLE device_fault ADD COLUMN device_class text, ADD COLUMN model_key text;
CREATE OR REPLACE FUNCTION fault_firmware() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    SELECT coalesce(NEW.firmware, d.firmware), coalesce(NEW.device_class, d.device_class), coalesce(NEW.model_key, d.model_key)
      INTO NEW.firmware, NEW.device_class, NEW.model_key
      FROM device d WHERE d.device_no = NEW.device_no;
    RETURN NEW;
END $$;
UPDATE device_fault f SET device_class = d.device_class, model_key = d.model_key FROM device d WHERE d.device_no = f.device_no;

-- What the worker finds itself, in readings that the technician may not see: stored without them, raised and ended by the worker alone.
ALTER TABLE device_fault DROP CONSTRAINT device_fault_source_check, DROP CONSTRAINT device_fault_cleared_by_check;
ALTER TABLE device_fault
    ADD CONSTRAINT device_fault_source_check CHECK (source IN ('event', 'read', 'derived')),
    ADD CONSTRAINT device_fault_cleared_by_check CHECK (cleared_by IN ('device', 'absent_at_read', 'command', 'judged'));
CREATE INDEX device_fault_derived ON device_fault (device_no) WHERE source = 'derived' AND cleared_at IS NULL;
GRANT INSERT, UPDATE (cleared_at, cleared_by) ON device_fault TO fjarrkoll_worker;

-- The worker groups a model at a time.
CREATE INDEX device_fault_model ON device_fault (model_key, raised_at);

-- The fleet's faults of some days back from when the worker last counted, so that the page of a whole region reads some thousand rows
-- and not every fault. By loan that is open (a fault of an earlier loan is in none of them, as row security has it for the faults
-- themselves); and once more over everything, with payer 0 and no frame, for those who see everything. A device has one open loan, so
-- its payers' rows add up without counting it twice. Made anew from the faults each time: what comes late or ends is in the next count.
CREATE TABLE fault_group (
    period_days     integer NOT NULL,
    payer_id        integer NOT NULL,  -- 0: every loan and store
    legal_frame     text NOT NULL,
    device_class    text NOT NULL,
    model_key       text NOT NULL,
    firmware        text NOT NULL,     -- that the fault came on; '': not known
    module          text NOT NULL,
    fault_code      text NOT NULL,     -- '': a native code that no profile knows
    system          text NOT NULL,     -- of such a code only
    code            text NOT NULL,
    times           bigint NOT NULL,
    devices         bigint NOT NULL,
    late            bigint NOT NULL,   -- times in the second half of the period
    active          bigint NOT NULL,
    first_raised_at timestamptz NOT NULL,
    last_raised_at  timestamptz NOT NULL,
    PRIMARY KEY (period_days, payer_id, model_key, legal_frame, device_class, firmware, fault_code, module, system, code)
) WITH (fillfactor = 80);
CREATE INDEX fault_group_model ON fault_group (model_key);

-- Device-days of the same periods and loans: from when a device was first heard, or its loan began, until it was last heard.
CREATE TABLE device_days (
    period_days  integer NOT NULL,
    payer_id     integer NOT NULL,     -- 0: every loan and store
    legal_frame  text NOT NULL,
    device_class text NOT NULL,
    model_key    text NOT NULL,
    firmware     text NOT NULL,        -- that they ran then
    days         double precision NOT NULL,
    late_days    double precision NOT NULL,  -- in the second half of the period
    devices      bigint NOT NULL,
    PRIMARY KEY (period_days, payer_id, model_key, legal_frame, device_class, firmware)
);

-- When the counting last went through every device and model: groups and rates are as fresh as that.
CREATE TABLE fault_count_progress (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    counted_at timestamptz NOT NULL
);

-- Sums of devices are seen by those who see the devices, and of faults by those who see such faults.
DO $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('device_days', 'true'),
        ('fault_group', '(fault_code IN (SELECT f.code FROM fault_code f WHERE f.audience = ANY ((SELECT scope_audiences())::text[]))
                          OR fault_code = '''' AND ''technical'' = ANY ((SELECT scope_audiences())::text[]))')
    ) AS policies(table_name, also)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry.table_name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)',
                       entry.table_name);
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING (
                            (payer_id = ANY ((SELECT scope_payers())::integer[]) AND legal_frame = ANY ((SELECT scope_frames())::text[])
                             OR payer_id = 0 AND (SELECT scope_whole_life())) AND %s)', entry.table_name, entry.also);
    END LOOP;
END $$;
GRANT SELECT ON fault_group, device_days TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader;
GRANT INSERT, UPDATE, DELETE ON fault_group, device_days TO fjarrkoll_worker;
GRANT SELECT ON fault_count_progress TO fjarrkoll_api, fjarrkoll_worker;
GRANT INSERT, UPDATE ON fault_count_progress TO fjarrkoll_worker;

-- Whose sums a session reads: those over everything, or those of the loans in its scope.
CREATE FUNCTION scope_summed() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN scope_whole_life() THEN ARRAY[0] ELSE scope_payers() END;
