-- What pages of a large fleet rest on: sums that the worker keeps, and indexes of what they ask for.

-- What the page of lives and wear rests on: sums by model over the whole fleet, as the worker counted them last. Made anew each time.
CREATE TABLE wear_count (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    counted_on date NOT NULL,        -- the day that lives are reckoned to
    counted_at timestamptz NOT NULL,
    sums       jsonb NOT NULL
);
GRANT SELECT ON wear_count TO fjarrkoll_api;
GRANT SELECT, INSERT, UPDATE ON wear_count TO fjarrkoll_worker;

-- How many devices of a model ran which software at that count, by payer and frame; seen as the devices themselves are.
CREATE TABLE version_count (
    model_key   text NOT NULL,
    firmware    text NOT NULL,
    payer_id    integer,             -- NULL: in store
    legal_frame text,
    devices     integer NOT NULL,
    UNIQUE NULLS NOT DISTINCT (model_key, firmware, payer_id, legal_frame)
);
ALTER TABLE version_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE version_count FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON version_count TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true);
CREATE POLICY scoped ON version_count FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())));
GRANT SELECT ON version_count TO fjarrkoll_api;
GRANT SELECT, INSERT, DELETE ON version_count TO fjarrkoll_worker;

-- The newest causes that were found, for a diagnosis, and the answers to a case, for the board of cases.
CREATE INDEX work_order_cause ON work_order (closed_at DESC) WHERE state = 'done' AND cause <> '';
CREATE INDEX recall_transition_answer ON recall_transition (case_id, action) WHERE action IN ('need', 'wake_up', 'confirm');
