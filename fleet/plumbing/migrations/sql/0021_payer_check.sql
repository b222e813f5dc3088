-- The payer check: open loans whose payer or legal frame is not their prescriber's, marked as they are written. Among a region's loans a
-- page would else look for its few by reading every one.
ALTER TABLE loan ADD COLUMN disagrees boolean NOT NULL DEFAULT false;

CREATE FUNCTION loan_disagrees() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    NEW.disagrees := EXISTS (SELECT FROM prescriber r
                              WHERE r.prescriber_id = NEW.prescriber_id
                                AND (r.payer_id, r.legal_frame) <> (NEW.payer_id, NEW.legal_frame));
    RETURN NEW;
END $$;
CREATE TRIGGER loan_disagrees_new BEFORE INSERT ON loan FOR EACH ROW
    WHEN (NEW.prescriber_id IS NOT NULL) EXECUTE FUNCTION loan_disagrees();
CREATE TRIGGER loan_disagrees_changed BEFORE UPDATE OF payer_id, legal_frame, prescriber_id, disagrees ON loan FOR EACH ROW
    EXECUTE FUNCTION loan_disagrees();

-- A unit that moves to another payer or frame takes no loan with it: each open one is looked at again.
CREATE FUNCTION prescriber_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE loan SET disagrees = NOT disagrees
     WHERE prescriber_id = NEW.prescriber_id AND ended_at IS NULL
       AND disagrees <> ((payer_id, legal_frame) <> (NEW.payer_id, NEW.legal_frame));
    RETURN NULL;
END $$;
CREATE TRIGGER prescriber_moved AFTER UPDATE OF payer_id, legal_frame ON prescriber FOR EACH ROW EXECUTE FUNCTION prescriber_moved();

UPDATE prescriber SET payer_id = payer_id;
CREATE INDEX loan_disagreeing ON loan (device_no) WHERE disagrees AND ended_at IS NULL;

-- Who pays for a device sees which unit of whom prescribed it: the unit's code and name, its payer and frame, which are nobody's secret.
-- Row security hides the units of other payers, and with them the very errors that a payer looks for.
CREATE FUNCTION prescribing_unit(of_loan integer)
    RETURNS TABLE (code text, unit_name text, payer_id integer, legal_frame text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public ROWS 1
    BEGIN ATOMIC
        SELECT r.code, r.unit_name, r.payer_id, r.legal_frame
          FROM loan l
          JOIN prescriber r USING (prescriber_id)
         WHERE l.loan_id = of_loan
           AND in_scope(l.payer_id, l.legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers()));
    END;
REVOKE ALL ON FUNCTION loan_disagrees, prescriber_moved, prescribing_unit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prescribing_unit TO fjarrkoll_api;
