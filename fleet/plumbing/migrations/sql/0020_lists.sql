-- A list of one class, or of a payer with few devices, reads verdicts of that class and payer in their order. Both are told again here, as a
-- page would else look up device after device in vain. A run brings them up to date; the condition on the device itself still stands.
ALTER TABLE idle_verdict ADD COLUMN device_class text, ADD COLUMN payer_id integer REFERENCES payer;
UPDATE idle_verdict v SET device_class = d.device_class, payer_id = d.payer_id FROM device d WHERE d.device_no = v.device_no;
ALTER TABLE idle_verdict ALTER COLUMN device_class SET NOT NULL;
CREATE INDEX idle_verdict_class ON idle_verdict (device_class, since, device_no) WHERE proven_unused;
CREATE INDEX idle_verdict_payer ON idle_verdict (payer_id, since, device_no) WHERE proven_unused;
CREATE INDEX idle_verdict_doubted ON idle_verdict (since, device_no) WHERE opinion = 'disagrees';

-- Step and verdict go together; taken for independent, a list of thirteen thousand was planned as one of forty.
CREATE STATISTICS idle_verdict_kinds (mcv, dependencies) ON verdict, step, proven_unused, opinion FROM idle_verdict;
ANALYZE idle_verdict;

-- A search by class or by payer, and what is in store, in the order of the list: few of a region's devices are one small payer's dispensers.
CREATE INDEX device_of_payer ON device (payer_id, individual_number);
CREATE INDEX device_of_class ON device (device_class, individual_number);
CREATE INDEX device_in_store ON device (individual_number) WHERE loan_started_at IS NULL;

-- Written anew by each run: squeezing five megabytes took longer than writing them.
ALTER TABLE verdict_block ALTER COLUMN entries SET STORAGE EXTERNAL;
