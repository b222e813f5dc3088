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

-- Device-days by day, so that a rate over the whole region reads some thousand rows and not every device's state.

-- By UTC day, model, software and the loan in which they were lived; payer and frame NULL: in store. Counted by the worker: from when a
-- device was first heard until it was last heard. A device that was silent and is heard again adds the days between, which it told of
-- late; so the past is corrected by what comes late. Kept for 400 days.
CREATE TABLE exposure_day (
    day          date NOT NULL,
    device_class text NOT NULL,
    model_key    text NOT NULL,
    firmware     text NOT NULL,
    payer_id     integer REFERENCES payer,
    legal_frame  text REFERENCES legal_frame,
    days         double precision NOT NULL,  -- device-days
    latest       integer NOT NULL            -- devices for which this is the latest day in such a row: their sum from a day on counts each once
);
CREATE UNIQUE INDEX exposure_day_row ON exposure_day (day, device_class, model_key, firmware, payer_id, legal_frame) NULLS NOT DISTINCT;
CREATE INDEX exposure_day_payer ON exposure_day (payer_id, day);

-- How far each device is counted, by model and software, and in which row it is the latest; its latest row is where counting goes on.
CREATE TABLE device_exposure (
    device_no    integer NOT NULL REFERENCES device,
    device_class text NOT NULL,
    model_key    text NOT NULL,
    firmware     text NOT NULL,
    payer_id     integer,
    legal_frame  text,
    latest       date NOT NULL,
    counted_to   timestamptz NOT NULL,
    PRIMARY KEY (device_no, device_class, model_key, firmware)
) WITH (fillfactor = 70);

-- When the counting last went through every device: a rate is as fresh as that.
CREATE TABLE exposure_progress (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    counted_at timestamptz NOT NULL
);

-- Sums of devices are seen by those who see the devices.
ALTER TABLE exposure_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE exposure_day FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON exposure_day TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true);
CREATE POLICY scoped ON exposure_day FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
GRANT SELECT ON exposure_day TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader;
GRANT INSERT, UPDATE, DELETE ON exposure_day TO fjarrkoll_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON device_exposure TO fjarrkoll_worker;
GRANT SELECT ON exposure_progress TO fjarrkoll_api, fjarrkoll_worker;
GRANT INSERT, UPDATE ON exposure_progress TO fjarrkoll_worker;

-- How much of its UTC day is over at a moment.
CREATE FUNCTION day_part(at timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_part('epoch', at AT TIME ZONE 'UTC' - date_trunc('day', at AT TIME ZONE 'UTC')) / 86400;
