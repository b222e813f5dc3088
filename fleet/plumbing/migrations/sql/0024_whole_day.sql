-- A run that a whole day comes in to at once asks the register only about devices of which something was written.

-- The facts of each device as they were read last, 4,096 devices a row as in day_block, 32 bytes a device (diagnostics/idle/facts.py). They
-- hold until the register changes, which notes the device in idle_due.
CREATE TABLE fact_block (
    block_no integer PRIMARY KEY,
    facts    bytea STORAGE EXTERNAL NOT NULL CHECK (length(facts) = 4096 * 32)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON fact_block TO fjarrkoll_worker;

-- What the next run must know of a verdict has grown. Without a basis the next one judges everybody, and fills both anew.
DELETE FROM idle_basis;
DELETE FROM verdict_block;
ALTER TABLE verdict_block DROP CONSTRAINT verdict_block_entries_check, ADD CHECK (length(entries) = 4096 * 16);

-- The open loan of a device is looked up often; the index that keeps loans apart finds it, five times as slowly.
CREATE UNIQUE INDEX loan_open ON loan (device_no) WHERE ended_at IS NULL;

-- A verdict's group in the figures stands beside it as class and payer do, so that a changed row is counted without asking the register.
ALTER TABLE idle_verdict ADD COLUMN legal_frame text, ADD COLUMN depot_id integer, ADD COLUMN prescriber_id integer;
UPDATE idle_verdict v
   SET legal_frame = d.legal_frame, depot_id = d.depot_id, prescriber_id = l.prescriber_id
  FROM device d
  LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
 WHERE d.device_no = v.device_no;
