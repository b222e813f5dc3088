-- Commands with levels, approval by a second person, and incident holds. The previous release runs on it: columns are nullable or have
-- defaults, and what the new conditions forbid it never did.

-- ---------------------------------------------------------------------------------------------------------------------
-- Who holds a token: one person may have several, and four eyes are two persons
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE api_token ADD COLUMN holder text CHECK (holder <> '');  -- opaque name of the person; the token's own name where null
COMMENT ON COLUMN api_token.holder IS 'Opaque name of the person who holds it; the token''s own name where null';

-- The row type of the table has grown: the function must give out the new column too.
CREATE OR REPLACE FUNCTION find_token(hash bytea) RETURNS SETOF api_token LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT * FROM api_token WHERE token_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
    END;

-- The worker asks again, when it sends, whether who asked and who approved still may; it never sees a hash.
GRANT SELECT (name, role, payers, frames, holder, expires_at, revoked_at) ON api_token TO fjarrkoll_worker;

-- ---------------------------------------------------------------------------------------------------------------------
-- Commands
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE command
    DROP CONSTRAINT command_state_check,
    ADD CONSTRAINT command_state_check CHECK (state IN ('queued', 'sent', 'delivered', 'running', 'succeeded', 'refused', 'failed',
                                                        'expired', 'cancelled', 'unknown')),
    ADD COLUMN requested_role text,
    ADD COLUMN requested_holder text,
    ADD COLUMN approval text NOT NULL DEFAULT 'not_needed' CHECK (approval IN ('not_needed', 'awaiting', 'approved', 'denied')),
    ADD COLUMN approved_by text,       -- who approved or denied
    ADD COLUMN approved_role text,
    ADD COLUMN approved_holder text,
    ADD COLUMN approved_at timestamptz,
    ADD COLUMN late_status text,       -- what the device said after the end; it changed nothing
    ADD COLUMN late_at timestamptz,
    -- Four eyes are kept here, whatever two requests at once or a mistake in the application do.
    ADD CONSTRAINT command_four_eyes CHECK (approval NOT IN ('approved', 'denied') OR (
        num_nulls(requested_role, requested_holder, approved_by, approved_role, approved_holder, approved_at) = 0
        AND (approval = 'denied' OR approved_by <> requested_by AND approved_holder <> requested_holder
                                    AND approved_role <> requested_role))),
    ADD CONSTRAINT command_setting_approved CHECK (level <> 'setting' OR approval <> 'not_needed' AND (
        approval = 'approved' OR state IN ('queued', 'expired', 'cancelled', 'refused')));

-- The dispatcher asks for the oldest of each device, however many wait.
CREATE INDEX command_queued ON command (device_no, counter) WHERE state = 'queued';

GRANT UPDATE (counter, expires_at, approval, approved_by, approved_role, approved_holder, approved_at) ON command TO fjarrkoll_api;
GRANT UPDATE (late_status, late_at) ON command TO fjarrkoll_ingest;

-- ---------------------------------------------------------------------------------------------------------------------
-- Incident hold (avvikelsespärr): evidence is kept, and nothing above reading is asked of the device
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE incident_hold (
    hold_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no     integer NOT NULL REFERENCES device,
    reason        text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
    placed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    placed_by     text NOT NULL,
    placed_role   text NOT NULL,
    lift_asked_at timestamptz,         -- the first of the two persons who lift it
    lift_asked_by text,
    lift_asked_role text,
    lift_asked_holder text,
    lift_reason   text CHECK (length(lift_reason) BETWEEN 5 AND 500),
    lifted_at     timestamptz,         -- the second
    lifted_by     text,
    lifted_role   text,
    lifted_holder text,
    CONSTRAINT incident_hold_four_eyes CHECK (lifted_at IS NULL OR (
        num_nulls(lift_asked_at, lift_asked_by, lift_asked_role, lift_asked_holder, lift_reason, lifted_by, lifted_role, lifted_holder) = 0
        AND lifted_by <> lift_asked_by AND lifted_role <> lift_asked_role AND lifted_holder <> lift_asked_holder))
);
CREATE UNIQUE INDEX incident_hold_open ON incident_hold (device_no) WHERE lifted_at IS NULL;

-- Each export of the evidence: its seal, so that a package that turns up later can be told from a changed one.
CREATE TABLE hold_export (
    export_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hold_id         integer NOT NULL REFERENCES incident_hold,
    made_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by         text NOT NULL,
    audiences       text[] NOT NULL,
    manifest_sha256 text NOT NULL CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
    bytes           bigint NOT NULL
);
CREATE INDEX hold_export_hold ON hold_export (hold_id);

-- What retention would have taken from a held device: whole rows of readings and events, moved here before their chunk goes.
CREATE TABLE held_row (
    device_no integer NOT NULL REFERENCES device,
    source    text NOT NULL,
    ts        timestamptz NOT NULL,
    boot      integer NOT NULL,
    seq       bigint NOT NULL,
    content   jsonb NOT NULL,
    kept_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (device_no, source, ts, boot, seq)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['incident_hold', 'hold_export', 'held_row']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;

-- A hold stays with the device through loans: who sees the device sees that it is held. One that was lifted belongs to the loan in which
-- it last held (or to the store since), as an alarm does: a new borrower's payer does not read why the device was held before.
DO $$
DECLARE
    seen text := $hold$(SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = incident_hold.device_no
        AND (incident_hold.lifted_at IS NULL
             OR incident_hold.lifted_at > coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity')))$hold$;
BEGIN
    EXECUTE format('CREATE POLICY scoped ON incident_hold FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING (%s)', seen);
    EXECUTE format('CREATE POLICY lift ON incident_hold FOR UPDATE TO fjarrkoll_api USING (%s)', seen);
END $$;
CREATE POLICY place ON incident_hold FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM device d WHERE d.device_no = incident_hold.device_no));
CREATE POLICY scoped ON hold_export FOR SELECT TO fjarrkoll_api
    USING (EXISTS (SELECT FROM incident_hold h WHERE h.hold_id = hold_export.hold_id));
CREATE POLICY add ON hold_export FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM incident_hold h WHERE h.hold_id = hold_export.hold_id));
CREATE POLICY scoped ON held_row FOR SELECT TO fjarrkoll_reader
    USING (EXISTS (SELECT FROM device d WHERE d.device_no = held_row.device_no));

-- The kept rows as each audience may see them, as the views of readings and events give the ones still in their tables: a reading in
-- which nothing is for the audience is not there at all, since that it was taken tells something too.
CREATE VIEW held_row_seen WITH (security_barrier) AS
    SELECT d.device_id, h.device_no, h.source, h.ts, h.boot, h.seq, shown.content
      FROM held_row h
      JOIN device d USING (device_no)
     CROSS JOIN LATERAL (
           SELECT jsonb_object_agg(v.key, v.value) AS content, count(m.key) FILTER (WHERE v.value <> 'null') AS measured
             FROM jsonb_each(h.content) v
             LEFT JOIN metric m ON m.device_class = d.device_class AND replace(m.key, '.', '_') = v.key
                               AND m.audience = ANY ((SELECT scope_audiences())::text[])
            WHERE m.key IS NOT NULL
               OR v.key IN ('ts', 'received_at', 'boot', 'seq', 'clock_corrected', 'event', 'audience', 'data')) shown
     WHERE CASE h.source WHEN 'device_event' THEN h.content ->> 'audience' = ANY ((SELECT scope_audiences())::text[])
                         ELSE shown.measured > 0 END
       AND ((SELECT scope_whole_life()) OR h.ts >= d.loan_started_at);
ALTER VIEW held_row_seen OWNER TO fjarrkoll_reader;

GRANT SELECT ON held_row, incident_hold TO fjarrkoll_reader;
GRANT SELECT ON incident_hold, hold_export, held_row_seen TO fjarrkoll_api;
GRANT INSERT ON incident_hold, hold_export TO fjarrkoll_api;
GRANT UPDATE (lift_asked_at, lift_asked_by, lift_asked_role, lift_asked_holder, lift_reason, lifted_at, lifted_by, lifted_role, lifted_holder)
    ON incident_hold TO fjarrkoll_api;
GRANT SELECT ON incident_hold TO fjarrkoll_worker;
GRANT SELECT ON held_row TO fjarrkoll_worker;  -- who reads readings and events reads the ones that were kept
GRANT SELECT (hold_id, device_no, placed_at, lifted_at) ON incident_hold TO fjarrkoll_grafana;  -- that, not why and by whom
