-- Which software a device ran when a fault came: the register keeps only the latest, and "new since this firmware" needs the one then.
-- Diagnoses themselves are not kept: they follow from evidence and knowledge, and are computed when they are asked for.

ALTER TABLE device_fault ADD COLUMN firmware text;  -- NULL: raised before this column was

CREATE FUNCTION fault_firmware() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    NEW.firmware := coalesce(NEW.firmware, (SELECT firmware FROM device WHERE device_no = NEW.device_no));
    RETURN NEW;
END $$;
CREATE TRIGGER fault_firmware BEFORE INSERT ON device_fault FOR EACH ROW EXECUTE FUNCTION fault_firmware();
REVOKE ALL ON FUNCTION fault_firmware FROM PUBLIC;

-- The fleet's faults of a period, and the codes that no profile knows.
CREATE INDEX device_fault_raised ON device_fault (raised_at);
CREATE INDEX device_fault_unknown ON device_fault (system, code) WHERE fault_code IS NULL;
