-- A loan that is written while its unit moves to another payer waits for the move: else each would miss the other, and the loan's mark
-- (0021) would say what held before. The lock is that of a reader who wants the row to stay as it is.
CREATE OR REPLACE FUNCTION loan_disagrees() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM FROM prescriber WHERE prescriber_id = NEW.prescriber_id FOR SHARE;
    NEW.disagrees := EXISTS (SELECT FROM prescriber r
                              WHERE r.prescriber_id = NEW.prescriber_id
                                AND (r.payer_id, r.legal_frame) <> (NEW.payer_id, NEW.legal_frame));
    RETURN NEW;
END $$;
