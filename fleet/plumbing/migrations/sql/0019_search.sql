-- A text anywhere in a device's numbers, found by its runs of three letters instead of by reading every device. Row security lets no index
-- serve a pattern, so the owner's function looks, within the caller's scope, and only numbers of devices come out: who asks for those
-- devices meets row security once more.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX device_text ON device USING gin (individual_number gin_trgm_ops, device_id gin_trgm_ops, serial_number gin_trgm_ops);

CREATE FUNCTION devices_with_text(pattern text, most integer) RETURNS SETOF integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT d.device_no FROM device d
         WHERE (d.individual_number ILIKE pattern OR d.device_id ILIKE pattern OR d.serial_number ILIKE pattern)
           AND in_scope(d.payer_id, d.legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers()))
         LIMIT most;
    END;
REVOKE ALL ON FUNCTION devices_with_text FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_with_text TO fjarrkoll_api;

-- How far the roll-ups of a class have come, for a chart that is drawn from them; nobody's data.
CREATE FUNCTION rolled_up(of_class text) RETURNS TABLE (hours_until timestamptz, received_until timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT p.hours_until, p.received_until FROM roll_up_progress p WHERE p.device_class = of_class;
    END;
REVOKE ALL ON FUNCTION rolled_up FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rolled_up TO fjarrkoll_api;
