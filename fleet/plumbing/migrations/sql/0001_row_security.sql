-- Who sees what: scope, row-level security, grants and the views over time series. Runs right after 0001_initial.sql.
-- docs/decisions/0003-row-security.md says why it is cut this way; tests/integration/store proves it.

-- ---------------------------------------------------------------------------------------------------------------------
-- What a session may see. Set per transaction (SET LOCAL) by the API; nothing set means nothing seen.
-- Policies call these as (SELECT ...), which is evaluated once per statement instead of once per row.
-- ---------------------------------------------------------------------------------------------------------------------

-- Anyone with a connection may SET any fjarrkoll.* setting, and whoever edits a Grafana panel writes SQL. Its role therefore has one
-- scope that no setting changes: the technical view of the whole fleet.
CREATE FUNCTION scope_is_fixed() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN 'fjarrkoll_grafana' IN (session_user, current_user);

CREATE FUNCTION scope_all_payers() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN scope_is_fixed() OR coalesce(current_setting('fjarrkoll.all_payers', true), '') = 'on';

CREATE FUNCTION scope_payers() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN scope_all_payers() THEN ARRAY(SELECT payer_id FROM payer)
        ELSE coalesce(string_to_array(nullif(current_setting('fjarrkoll.payers', true), ''), ',')::integer[], '{}')
    END;

CREATE FUNCTION scope_frames() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN scope_is_fixed() THEN ARRAY(SELECT code FROM legal_frame)
        ELSE coalesce(string_to_array(nullif(current_setting('fjarrkoll.frames', true), ''), ','), '{}')
    END;

CREATE FUNCTION scope_audiences() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN scope_is_fixed() THEN ARRAY['technical']
        ELSE coalesce(string_to_array(nullif(current_setting('fjarrkoll.audiences', true), ''), ','), '{}')
    END;

-- Every payer and every legal frame: the only scope for which loans are no boundary.
CREATE FUNCTION scope_whole_life() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN scope_all_payers() AND scope_frames() @> ARRAY(SELECT code FROM legal_frame);

-- A device in store has neither payer nor frame; only those who see all payers see it. Written so that it is inlined and an index on
-- the payer serves it.
CREATE FUNCTION in_scope(payer integer, frame text, payers integer[], frames text[], all_payers boolean)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN payer = ANY (payers) AND frame = ANY (frames) OR payer IS NULL AND all_payers;

-- Whether a local day belongs to the open loan alone: it touches the loan, and no earlier one reached into it.
CREATE FUNCTION day_in_loan(day date, starts_at_hour integer, loan_started timestamptz, earlier_loan_ended timestamptz)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (day + 1 + make_interval(hours => starts_at_hour)) AT TIME ZONE 'Europe/Stockholm' > loan_started
       AND (day + make_interval(hours => starts_at_hour)) AT TIME ZONE 'Europe/Stockholm' >= coalesce(earlier_loan_ended, '-infinity');

-- ---------------------------------------------------------------------------------------------------------------------
-- Row-level security: forced on every plain table with personal data, for owner and application alike.
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['device', 'loan', 'prescriber']
    LOOP
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
            USING (in_scope(payer_id, legal_frame, (SELECT scope_payers()), (SELECT scope_frames()), (SELECT scope_all_payers())))', name);
    END LOOP;
END $$;

-- What hangs on a device is seen by those who see the device, and only as far as it belongs to the loan that is open: a new borrower's
-- payer sees nothing of the previous one, and the previous one nothing any more. Those who see everything see the device's whole life.
-- A fault or alarm belongs to the loan in which it was last active. An audience limits faults (one that no profile knows is technical)
-- and alarms; events have their view below.
DO $$
DECLARE
    entry record;
    condition text;
BEGIN
    FOR entry IN SELECT * FROM (VALUES
        ('device_state',   'true', 'true', NULL),
        ('unknown_metric', 'true', 'true', NULL),
        ('usage_day',      'EXISTS (SELECT FROM device_class c WHERE c.name = d.device_class AND day_in_loan(
                                usage_day.local_day, c.day_starts_at_hour, d.loan_started_at, d.earlier_loan_ended_at))', 'true', NULL),
        ('device_fault',   'coalesce(device_fault.cleared_at, ''infinity'') > d.loan_started_at',
                           '(fault_code IN (SELECT f.code FROM fault_code f WHERE f.audience = ANY ((SELECT scope_audiences())::text[]))
                             OR fault_code IS NULL AND ''technical'' = ANY ((SELECT scope_audiences())::text[]))', NULL),
        ('command',        'command.created_at >= d.loan_started_at', 'true', 'cancel'),
        ('command_reply',  'least(command_reply.ts, command_reply.received_at) >= d.loan_started_at', 'true', NULL),
        ('alarm',          'coalesce(alarm.cleared_at, ''infinity'') > d.loan_started_at',
                           'audience = ANY ((SELECT scope_audiences())::text[])', 'take'),
        ('quarantine',     'quarantine.received_at >= d.loan_started_at', 'true', NULL),
        ('audit',          'false', 'true', NULL)
    ) AS policies(table_name, in_loan, also, update_policy)
    LOOP
        condition := format('((SELECT scope_whole_life()) OR EXISTS (SELECT FROM device d WHERE d.device_no = %I.device_no AND %s)) AND %s',
                            entry.table_name, entry.in_loan, entry.also);
        EXECUTE format('CREATE POLICY scoped ON %I FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana USING (%s)',
                       entry.table_name, condition);
        -- The API writes little, and only where it may read.
        IF entry.update_policy IS NOT NULL THEN
            EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO fjarrkoll_api USING (%s)', entry.update_policy, entry.table_name, condition);
        END IF;
    END LOOP;
END $$;

CREATE POLICY scoped ON command_transition FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM command c WHERE c.command_id = command_transition.command_id));
CREATE POLICY scoped ON notification FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (EXISTS (SELECT FROM alarm a WHERE a.alarm_id = notification.alarm_id));

CREATE POLICY ask ON command FOR INSERT TO fjarrkoll_api WITH CHECK (EXISTS (SELECT FROM device d WHERE d.device_no = command.device_no));
CREATE POLICY trace ON command_transition FOR INSERT TO fjarrkoll_api
    WITH CHECK (EXISTS (SELECT FROM command c WHERE c.command_id = command_transition.command_id));
CREATE POLICY add ON audit FOR INSERT TO fjarrkoll_api WITH CHECK (true);

-- Services that work for every payer, each with its own policy and only the grants below; nobody bypasses row security.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['device', 'loan', 'prescriber', 'device_state', 'unknown_metric', 'usage_day', 'device_fault', 'command',
                                'command_reply', 'alarm', 'quarantine', 'audit', 'command_transition', 'notification']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY service ON %I TO fjarrkoll_owner, fjarrkoll_ingest, fjarrkoll_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Two questions the API may ask outside its scope
-- ---------------------------------------------------------------------------------------------------------------------

-- Counters are handed out per device across everything ever asked, also what the asker cannot see. Two askers take turns, so that the
-- second does not fail on the first one's number.
CREATE FUNCTION next_command_counter(device integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('command'::regclass::oid::integer, device);
    RETURN (SELECT coalesce(max(counter), 0) + 1 FROM command WHERE device_no = device);
END $$;

-- Token look-up happens before any scope exists; only the hash's owner row comes back.
CREATE FUNCTION find_token(hash bytea) RETURNS SETOF api_token LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT * FROM api_token WHERE token_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
    END;

REVOKE ALL ON FUNCTION next_command_counter, find_token, mirror_loans, seal_loan, loan_changed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_command_counter, find_token TO fjarrkoll_api;

-- ---------------------------------------------------------------------------------------------------------------------
-- Views: owned by fjarrkoll_reader, whom nobody can log in as, so that row security holds inside them and their tables stay closed
-- ---------------------------------------------------------------------------------------------------------------------

-- Events of the past as each audience may see them; readings get the same from fleet/plumbing/store/tables.py. Hypertables cannot have
-- policies, so the boundary of the loan stands here.
CREATE VIEW device_event_seen WITH (security_barrier) AS
    SELECT d.device_id, e.device_no, e.ts, e.received_at, e.boot, e.seq, e.event, e.audience, e.data, e.clock_corrected
      FROM device_event e
      JOIN device d USING (device_no)
     WHERE e.audience = ANY ((SELECT scope_audiences())::text[])
       AND ((SELECT scope_whole_life()) OR e.ts >= d.loan_started_at);

-- The present of a device: its values and events of the audiences in scope, as far as they happened in the loan that is open. No
-- security barrier: the row security of its tables decides which rows there are, and without one a join can use the key.
CREATE VIEW device_state_seen AS
    SELECT d.device_id, s.device_no, s.boot, s.online, s.online_at, s.first_seen_at, s.last_seen_at,
           CASE WHEN (SELECT scope_whole_life()) OR s.last_event_at >= d.loan_started_at THEN s.last_event_at END AS last_event_at,
           CASE WHEN (SELECT scope_whole_life())
                  OR day_in_loan(s.last_used_day, c.day_starts_at_hour, d.loan_started_at, d.earlier_loan_ended_at)
                THEN s.last_used_day END AS last_used_day,
           coalesce((
               SELECT jsonb_object_agg(v.key, v.value)
                 FROM jsonb_each(s.metric_values) v
                 JOIN metric m ON m.device_class = d.device_class AND m.key = v.key
                WHERE m.audience = ANY ((SELECT scope_audiences())::text[])
                  AND ((SELECT scope_whole_life()) OR (v.value ->> 1)::bigint >= extract(epoch FROM d.loan_started_at) * 1000)
           ), '{}') AS metric_values,
           coalesce((
               SELECT jsonb_object_agg(v.key, v.value)
                 FROM jsonb_each(s.latest_events) v
                 JOIN event_kind k ON k.device_class = d.device_class AND k.name = v.key
                WHERE k.audience = ANY ((SELECT scope_audiences())::text[])
                  AND ((SELECT scope_whole_life()) OR v.value::bigint >= extract(epoch FROM d.loan_started_at) * 1000)
           ), '{}') AS latest_events,
           s.attributes
      FROM device_state s
      JOIN device d USING (device_no)
      JOIN device_class c ON c.name = d.device_class;

-- Bytes that could not be read may hold anything of anyone who ever borrowed the device.
CREATE VIEW quarantine_payload WITH (security_barrier) AS
    SELECT quarantine_id, payload FROM quarantine WHERE (SELECT scope_whole_life());

ALTER VIEW device_event_seen OWNER TO fjarrkoll_reader;
ALTER VIEW device_state_seen OWNER TO fjarrkoll_reader;
ALTER VIEW quarantine_payload OWNER TO fjarrkoll_reader;

-- ---------------------------------------------------------------------------------------------------------------------
-- Grants
-- ---------------------------------------------------------------------------------------------------------------------

GRANT SELECT ON device_class, idle_policy, device_model, model_price, metric, event_kind, fault_code, fault_native, usage_measure,
    usage_clause, alarm_rule, legal_frame, payer, depot, ingest_watermark
    TO fjarrkoll_ingest, fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;

GRANT SELECT ON device, device_state, device_event, quarantine TO fjarrkoll_reader;
GRANT SELECT ON device_event_seen, device_state_seen TO fjarrkoll_api, fjarrkoll_grafana;
GRANT SELECT (device_no, boot, online, online_at, first_seen_at, last_seen_at, attributes) ON device_state
    TO fjarrkoll_api, fjarrkoll_grafana;  -- whatever depends on audience or loan only through device_state_seen

GRANT SELECT ON quarantine_payload, device, loan, prescriber, unknown_metric, usage_day, device_fault, command, command_reply, alarm,
    command_transition, notification, audit TO fjarrkoll_api;
GRANT SELECT (quarantine_id, topic, device_no, reason, advice, boot, seq, payload_bytes, content_type, received_at, last_at, times)
    ON quarantine TO fjarrkoll_api;
GRANT INSERT ON command, command_transition, audit TO fjarrkoll_api;
GRANT UPDATE (state, reason) ON command TO fjarrkoll_api;
GRANT UPDATE (taken_at, taken_by) ON alarm TO fjarrkoll_api;

-- Grafana draws the technical picture only: no raw payloads, no clinical values, no who-asked-what.
GRANT SELECT ON device, unknown_metric, usage_day, device_fault, alarm TO fjarrkoll_grafana;
GRANT SELECT (quarantine_id, topic, device_no, reason, advice, payload_bytes, received_at, last_at, times) ON quarantine TO fjarrkoll_grafana;
GRANT SELECT (command_id, device_no, name, level, state, created_at, expires_at, sent_at, answered_at, late) ON command TO fjarrkoll_grafana;

GRANT SELECT ON device, loan TO fjarrkoll_ingest;
GRANT UPDATE (firmware, model_key) ON device TO fjarrkoll_ingest;
GRANT SELECT, INSERT, UPDATE ON device_state, usage_day, device_fault, unknown_metric, quarantine, ingest_watermark, evaluation_due
    TO fjarrkoll_ingest;
GRANT SELECT, INSERT ON device_event, clock_correction, command_reply, command_transition TO fjarrkoll_ingest;
GRANT SELECT ON command TO fjarrkoll_ingest;
GRANT UPDATE (state, reason, result, answered_at, late) ON command TO fjarrkoll_ingest;

GRANT SELECT ON device, loan, device_state, usage_day, device_fault, device_event, command_reply, unknown_metric TO fjarrkoll_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON evaluation_due, rule_hold TO fjarrkoll_worker;
GRANT SELECT, INSERT, UPDATE ON alarm, notification, command, command_transition TO fjarrkoll_worker;
GRANT INSERT ON audit TO fjarrkoll_worker;
