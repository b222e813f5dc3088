-- Sign-in by an identity provider, administration, and the review of who has read what. Tables here are closed to the application's
-- roles; each function says in its first lines what it lets through, by the caller's scope as the database knows it.

-- ---------------------------------------------------------------------------------------------------------------------
-- Identity provider: which of its people an account is, and sign-ins that have begun
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE account
    ADD COLUMN issuer text,                -- NULL: a local account
    ADD COLUMN subject text,               -- as the provider names the person, for ever
    ADD CONSTRAINT account_provider CHECK ((issuer IS NULL) = (subject IS NULL)),
    ADD CONSTRAINT account_person UNIQUE (issuer, subject);

-- As in 0011, for the wider row.
CREATE OR REPLACE FUNCTION find_account(wanted text) RETURNS SETOF account LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT * FROM account WHERE login = wanted AND disabled_at IS NULL;
    END;

-- One try to sign in: the answer must come with the same state, to the same browser, once, within ten minutes.
CREATE TABLE login_attempt (
    state_hash   bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    verifier     text NOT NULL,
    nonce        text NOT NULL,
    wanted       text NOT NULL,
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '10 minutes'
);

CREATE FUNCTION begin_login(state bytea, browser bytea, secret text, once text, next_page text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    DELETE FROM login_attempt WHERE expires_at < now();
    INSERT INTO login_attempt (state_hash, browser_hash, verifier, nonce, wanted) VALUES (state, browser, secret, once, next_page);
END $$;

CREATE FUNCTION take_login(state bytea, browser bytea) RETURNS TABLE (verifier text, nonce text, wanted text)
    LANGUAGE sql SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        DELETE FROM login_attempt a WHERE a.state_hash = state AND a.browser_hash = browser AND a.expires_at > now()
            RETURNING a.verifier, a.nonce, a.wanted;
    END;

-- The account of the provider's person, made or brought up to what the provider says now. NULL where the account is shut here, the
-- login is somebody else's, or a payer is not in the register.
CREATE FUNCTION provision_account(of_issuer text, of_subject text, of_login text, of_role text, of_unit text, of_payers text[],
                                  of_frames text[], of_audiences text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    numbers integer[] := CASE WHEN of_payers IS NOT NULL THEN ARRAY(SELECT payer_id FROM payer WHERE code = ANY (of_payers) ORDER BY 1) END;
    found account;
BEGIN
    IF of_payers IS NOT NULL AND cardinality(numbers) <> cardinality(of_payers) THEN
        RETURN NULL;
    END IF;
    INSERT INTO account (login, role, care_unit, payers, frames, audiences, issuer, subject)
        VALUES (of_login, of_role, of_unit, numbers, of_frames, of_audiences, of_issuer, of_subject)
        ON CONFLICT DO NOTHING;
    UPDATE account SET role = of_role, care_unit = of_unit, payers = numbers, frames = of_frames, audiences = of_audiences
     WHERE issuer = of_issuer AND subject = of_subject AND disabled_at IS NULL RETURNING * INTO found;
    RETURN found.account_id;
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Accounts as their administrator sees them: those whose whole scope lies within the administrator's own
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION account_in_scope(of_payers integer[], of_frames text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (scope_all_payers() OR coalesce(of_payers <@ scope_payers(), false)) AND of_frames <@ scope_frames();

CREATE FUNCTION accounts_seen()
    RETURNS TABLE (login text, role text, care_unit text, payers text[], frames text[], audiences text[], created_at timestamptz,
                   disabled_at timestamptz, by_provider boolean, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT a.login, a.role, a.care_unit,
               CASE WHEN a.payers IS NOT NULL THEN ARRAY(SELECT p.code FROM payer p WHERE p.payer_id = ANY (a.payers) ORDER BY 1) END,
               a.frames, a.audiences, a.created_at, a.disabled_at, a.issuer IS NOT NULL,
               (SELECT max(s.used_at) FROM console_session s WHERE s.account_id = a.account_id)
          FROM account a WHERE account_in_scope(a.payers, a.frames) ORDER BY a.login;
    END;

-- 'added', 'taken', 'unknown_payer' or 'outside' the caller's own scope.
CREATE FUNCTION add_account_in_scope(of_login text, of_hash text, of_role text, of_unit text, of_payers text[], of_frames text[],
                                     of_audiences text[]) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    numbers integer[] := CASE WHEN of_payers IS NOT NULL THEN ARRAY(SELECT payer_id FROM payer WHERE code = ANY (of_payers) ORDER BY 1) END;
BEGIN
    IF of_payers IS NOT NULL AND cardinality(numbers) <> cardinality(of_payers) THEN
        RETURN 'unknown_payer';
    ELSIF NOT account_in_scope(numbers, of_frames) THEN
        RETURN 'outside';
    END IF;
    INSERT INTO account (login, password_hash, role, care_unit, payers, frames, audiences)
        VALUES (of_login, of_hash, of_role, of_unit, numbers, of_frames, of_audiences) ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'added' ELSE 'taken' END;
END $$;

-- NULL leaves a thing as it is; what was seen before and what is made of it must both lie in scope. Sessions end, so that a change holds
-- at once. 'changed', 'unknown', 'unknown_payer' or 'outside'.
CREATE FUNCTION change_account_in_scope(of_login text, of_hash text, of_role text, of_unit text, every_payer boolean, of_payers text[],
                                        of_frames text[], of_audiences text[], of_shut boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    it account;
    numbers integer[] := CASE WHEN of_payers IS NOT NULL THEN ARRAY(SELECT payer_id FROM payer WHERE code = ANY (of_payers) ORDER BY 1) END;
BEGIN
    SELECT * INTO it FROM account WHERE login = of_login AND account_in_scope(payers, frames) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF of_payers IS NOT NULL AND cardinality(numbers) <> cardinality(of_payers) THEN
        RETURN 'unknown_payer';
    END IF;
    it.payers := CASE WHEN every_payer THEN NULL WHEN of_payers IS NULL THEN it.payers ELSE numbers END;
    it.frames := coalesce(of_frames, it.frames);
    IF NOT account_in_scope(it.payers, it.frames) THEN
        RETURN 'outside';
    END IF;
    UPDATE account SET password_hash = coalesce(of_hash, password_hash), role = coalesce(of_role, role),
           care_unit = coalesce(of_unit, care_unit), payers = it.payers, frames = it.frames, audiences = coalesce(of_audiences, audiences),
           disabled_at = CASE WHEN of_shut THEN coalesce(disabled_at, now()) WHEN NOT of_shut THEN NULL ELSE disabled_at END
     WHERE account_id = it.account_id;
    DELETE FROM console_session WHERE account_id = it.account_id;
    RETURN 'changed';
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Ladders, the price list and the register: of the whole installation, and so for whoever sees all of it. Addresses are never shown.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION ladders_seen()
    RETURNS TABLE (code text, document jsonb, version integer, set_at timestamptz, set_by text, uses bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT l.code, l.document, l.version, l.set_at, l.set_by, (SELECT count(*) FROM ladder_use u WHERE u.ladder = l.code)
          FROM ladder l WHERE scope_whole_life() ORDER BY l.code;
    END;

CREATE FUNCTION recipients_seen()
    RETURNS TABLE (code text, role text, language text, active boolean, canary boolean, quiet jsonb, channels text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT r.code, r.role, r.language, r.active, r.canary, r.quiet,
               ARRAY(SELECT a.channel FROM recipient_address a WHERE a.recipient_id = r.recipient_id ORDER BY a.place)
          FROM recipient r WHERE scope_whole_life() ORDER BY r.code;
    END;

-- Whether it was set: false where somebody else has changed it since `seen_version` was read (0: it is new).
CREATE FUNCTION set_ladder(of_code text, of_document jsonb, seen_version integer, by_whom text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NOT scope_whole_life() THEN
        RETURN false;
    ELSIF seen_version = 0 THEN
        INSERT INTO ladder (code, document, set_by) VALUES (of_code, of_document, by_whom) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE ladder SET document = of_document, version = version + 1, set_at = clock_timestamp(), set_by = by_whom
         WHERE code = of_code AND version = seen_version;
    END IF;
    RETURN FOUND;
END $$;

-- A price begins today or later; what has been charged is never rewritten.
CREATE FUNCTION set_price(of_model text, begins date, rent numeric) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NOT scope_whole_life() OR begins < (now() AT TIME ZONE 'Europe/Stockholm')::date
            OR NOT EXISTS (SELECT FROM device_model WHERE model_key = of_model) THEN
        RETURN false;
    END IF;
    INSERT INTO model_price (model_key, valid_from, rent_sek) VALUES (of_model, begins, rent)
        ON CONFLICT (model_key, valid_from) DO UPDATE SET rent_sek = excluded.rent_sek;
    RETURN true;
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- What is set for a whole class over its profile: numbers of alarm rules, limits of idle policies. Nothing about anyone.
-- ---------------------------------------------------------------------------------------------------------------------

-- Append only: what holds is the newest line that has begun; one without a value gives the profile's own number back.
CREATE TABLE class_setting (
    class_setting_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_class text NOT NULL REFERENCES device_class,
    kind         text NOT NULL CHECK (kind IN ('rule', 'idle')),
    name         text NOT NULL,              -- of the rule, or of the idle policy
    setting      text NOT NULL,
    value        double precision,
    valid_from   timestamptz NOT NULL,
    reason       text NOT NULL CHECK (length(btrim(reason)) BETWEEN 1 AND 300),
    set_by       text NOT NULL,
    set_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX class_setting_newest ON class_setting (device_class, kind, name, setting, valid_from DESC, class_setting_id DESC);

CREATE FUNCTION class_settings_at(moment timestamptz)
    RETURNS TABLE (device_class text, kind text, name text, setting text, value double precision, valid_from timestamptz, reason text,
                   set_by text, set_at timestamptz)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT n.device_class, n.kind, n.name, n.setting, n.value, n.valid_from, n.reason, n.set_by, n.set_at
          FROM (SELECT DISTINCT ON (c.device_class, c.kind, c.name, c.setting) c.* FROM class_setting c WHERE c.valid_from <= moment
                 ORDER BY c.device_class, c.kind, c.name, c.setting, c.valid_from DESC, c.class_setting_id DESC) n
         WHERE n.value IS NOT NULL;
    END;

-- Several numbers of one thing begin together, at once or later. Whether they were set.
CREATE FUNCTION set_class_settings(of_class text, of_kind text, of_name text, of_settings text[], of_values double precision[],
                                   begins timestamptz, why text, by_whom text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NOT scope_whole_life() THEN
        RETURN false;
    END IF;
    INSERT INTO class_setting (device_class, kind, name, setting, value, valid_from, reason, set_by)
        SELECT of_class, of_kind, of_name, n.setting, n.value, coalesce(begins, clock_timestamp()), why, by_whom
          FROM unnest(of_settings, of_values) AS n (setting, value);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION class_settings_at, set_class_settings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION class_settings_at TO fjarrkoll_api, fjarrkoll_worker;
GRANT EXECUTE ON FUNCTION set_class_settings TO fjarrkoll_api;
GRANT SELECT ON class_setting TO fjarrkoll_api, fjarrkoll_worker;

-- ---------------------------------------------------------------------------------------------------------------------
-- Review of reads (HSLF-FS 2016:40 ch. 4 s. 9): a sample is drawn, each read in it is judged, and the judgement stands beside it
-- ---------------------------------------------------------------------------------------------------------------------

CREATE INDEX audit_at ON audit (at DESC);
CREATE INDEX audit_actor ON audit (actor, at DESC);

-- A read belongs to the loan in which it was made: its payer's managers review it, also when the device has gone on to somebody else.
-- What concerns no device, many at once, or a device in store is for whoever sees the whole installation.
ALTER TABLE audit ADD COLUMN payer_id integer REFERENCES payer, ADD COLUMN legal_frame text REFERENCES legal_frame;
CREATE FUNCTION audit_belongs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    SELECT l.payer_id, l.legal_frame INTO NEW.payer_id, NEW.legal_frame FROM loan l
     WHERE l.device_no = NEW.device_no AND l.started_at <= NEW.at AND coalesce(l.ended_at, 'infinity') > NEW.at;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION audit_belongs FROM PUBLIC;
CREATE TRIGGER audit_belongs BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_belongs();
CREATE INDEX audit_payer ON audit (payer_id, audit_id DESC);
DROP POLICY scoped ON audit;
CREATE POLICY scoped ON audit FOR SELECT TO fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana
    USING (payer_id = ANY ((SELECT scope_payers())::integer[]) AND legal_frame = ANY ((SELECT scope_frames())::text[])
           OR payer_id IS NULL AND (SELECT scope_whole_life()));

-- A list names its devices in the detail. Row security would keep the index from serving, and hides lists from whoever does not see every
-- device in them; so this function gives, of one device, every line that named it in a loan that the caller sees, and no other device's name.
CREATE INDEX audit_listed ON audit USING gin ((detail -> 'devices') jsonb_path_ops) WHERE detail ? 'devices';
CREATE FUNCTION audit_of_device(device integer)
    RETURNS TABLE (audit_id bigint, at timestamptz, actor text, role text, care_unit text, action text, device_no integer, listed integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT a.audit_id, a.at, a.actor, a.role, a.care_unit, a.action, a.device_no, 0 FROM audit a
         WHERE a.device_no = device
           AND (scope_whole_life() OR a.payer_id = ANY (scope_payers()) AND a.legal_frame = ANY (scope_frames()))
        UNION ALL
        SELECT a.audit_id, a.at, a.actor, a.role, a.care_unit, a.action, a.device_no, jsonb_array_length(a.detail -> 'devices') FROM audit a
         WHERE a.detail ? 'devices' AND a.detail -> 'devices' @> jsonb_build_array(device)
           AND (scope_whole_life() OR EXISTS (
                SELECT FROM loan l WHERE l.device_no = device AND l.started_at <= a.at AND coalesce(l.ended_at, 'infinity') > a.at
                                     AND l.payer_id = ANY (scope_payers()) AND l.legal_frame = ANY (scope_frames())));
    END;

-- What the start page tells as changed.
CREATE INDEX alarm_cleared ON alarm (cleared_at DESC) WHERE cleared_at IS NOT NULL;
CREATE INDEX command_answered ON command (requested_by, answered_at DESC) WHERE answered_at IS NOT NULL;
CREATE INDEX recall_case_changed ON recall_case (changed_at DESC);
CREATE INDEX idle_verdict_change_at ON idle_verdict_change (changed_at DESC);

CREATE TABLE audit_review (
    review_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    drawn_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    drawn_by  text NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    among     bigint NOT NULL,             -- how many lines it was drawn from
    payers    integer[],                   -- the scope in which it was drawn; NULL: the whole installation
    frames    text[] NOT NULL
);
CREATE TABLE audit_review_line (
    review_id integer NOT NULL REFERENCES audit_review,
    audit_id  bigint NOT NULL REFERENCES audit,
    judgement text CHECK (judgement IN ('justified', 'unjustified', 'unclear')),
    note      text,
    judged_at timestamptz,
    judged_by text,
    PRIMARY KEY (review_id, audit_id)
);

-- A review is seen and judged by whoever sees everything in whose scope it was drawn.
CREATE FUNCTION review_in_scope(of_payers integer[], of_frames text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN scope_whole_life() OR coalesce(of_payers <@ scope_payers(), false) AND of_frames <@ scope_frames();

-- Lines about devices alone, of the caller's own scope; a number that no device can be traced from needs no review. Each line of the time
-- is as likely as any other.
CREATE FUNCTION draw_review(by_whom text, begins timestamptz, ends timestamptz, wanted integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    review integer;
    payers integer[] := scope_payers();
    frames text[] := scope_frames();
    whole boolean := scope_whole_life();
BEGIN
    IF cardinality(payers) = 0 OR cardinality(frames) = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit_review (drawn_by, since, until, among, payers, frames)
        SELECT by_whom, begins, ends, count(*), CASE WHEN NOT whole THEN payers END, frames FROM audit a
         WHERE a.at >= begins AND a.at < ends AND a.device_no IS NOT NULL
           AND (whole OR a.payer_id = ANY (payers) AND a.legal_frame = ANY (frames))
        RETURNING review_id INTO review;
    INSERT INTO audit_review_line (review_id, audit_id)
        SELECT review, a.audit_id FROM audit a
         WHERE a.at >= begins AND a.at < ends AND a.device_no IS NOT NULL
           AND (whole OR a.payer_id = ANY (payers) AND a.legal_frame = ANY (frames))
         ORDER BY random() LIMIT wanted;
    RETURN review;
END $$;

CREATE FUNCTION reviews_seen()
    RETURNS TABLE (review_id integer, drawn_at timestamptz, drawn_by text, since timestamptz, until timestamptz, among bigint,
                   lines bigint, judged bigint, unjustified bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT r.review_id, r.drawn_at, r.drawn_by, r.since, r.until, r.among, count(l.audit_id), count(l.judgement),
               count(*) FILTER (WHERE l.judgement = 'unjustified')
          FROM audit_review r LEFT JOIN audit_review_line l USING (review_id)
         WHERE review_in_scope(r.payers, r.frames) GROUP BY r.review_id ORDER BY r.review_id DESC LIMIT 50;
    END;

CREATE FUNCTION review_lines(of_review integer)
    RETURNS TABLE (audit_id bigint, judgement text, note text, judged_at timestamptz, judged_by text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT l.audit_id, l.judgement, l.note, l.judged_at, l.judged_by FROM audit_review_line l JOIN audit_review r USING (review_id)
         WHERE l.review_id = of_review AND review_in_scope(r.payers, r.frames) ORDER BY l.audit_id;
    END;

-- Nobody judges what they read themselves, and a judgement stands. Whether it was taken.
CREATE FUNCTION judge_read(of_review integer, of_line bigint, of_judgement text, of_note text, by_whom text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE audit_review_line l SET judgement = of_judgement, note = of_note, judged_at = clock_timestamp(), judged_by = by_whom
      FROM audit_review r
     WHERE l.review_id = of_review AND r.review_id = l.review_id AND l.audit_id = of_line AND l.judgement IS NULL
       AND review_in_scope(r.payers, r.frames)
       AND NOT EXISTS (SELECT FROM audit a WHERE a.audit_id = of_line AND a.actor = by_whom);
    RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION begin_login, take_login, provision_account, accounts_seen, add_account_in_scope, change_account_in_scope,
    ladders_seen, recipients_seen, set_ladder, set_price, audit_of_device, draw_review, reviews_seen, review_lines, judge_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_login, take_login, provision_account, accounts_seen, add_account_in_scope, change_account_in_scope,
    ladders_seen, recipients_seen, set_ladder, set_price, audit_of_device, draw_review, reviews_seen, review_lines, judge_read TO fjarrkoll_api;

-- ---------------------------------------------------------------------------------------------------------------------
-- How the services stand, for the health page. A part that never said anything is unknown, not well. Counts span every payer and are
-- told to whoever sees all of them.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION services_health() RETURNS TABLE (part text, state text, since timestamptz, amount double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT p.part, CASE WHEN w.at IS NULL THEN 'unknown' WHEN w.at < now() - interval '60 seconds' THEN 'now' ELSE 'well' END,
               CASE WHEN w.at < now() - interval '60 seconds' THEN w.at END, NULL::double precision
          FROM (VALUES ('judging'), ('notifying'), ('escalating')) AS p (part) LEFT JOIN worker_pulse w USING (part)
        UNION ALL
        SELECT 'calls_waiting',
               CASE WHEN NOT EXISTS (SELECT FROM worker_pulse w WHERE w.part = 'notifying') THEN 'unknown'
                    WHEN min(created_at) < now() - interval '60 seconds' THEN 'now' ELSE 'well' END,
               CASE WHEN min(created_at) < now() - interval '60 seconds' THEN min(created_at) END,
               CASE WHEN scope_whole_life() THEN count(*) END
          FROM notification WHERE notification.state = 'pending'
        UNION ALL
        SELECT 'calls_given_up',
               CASE WHEN max(next_attempt_at) > now() - interval '24 hours' THEN 'now' WHEN count(*) > 0 THEN 'over' ELSE 'well' END,
               max(next_attempt_at), CASE WHEN scope_whole_life() THEN count(*) END
          FROM notification
         WHERE notification.state = 'given_up' AND last_error <> 'somebody took the alarm first'
           AND created_at > now() - interval '7 days'
        UNION ALL
        SELECT 'commands_waiting', CASE WHEN min(created_at) < now() - interval '60 seconds' THEN 'now' ELSE 'well' END,
               CASE WHEN min(created_at) < now() - interval '60 seconds' THEN min(created_at) END,
               CASE WHEN scope_whole_life() THEN count(*) END
          FROM command WHERE command.state = 'queued' AND expires_at > now()
        UNION ALL
        SELECT 'canary',
               CASE WHEN r.jammed_at IS NULL OR r.jammed_at < now() - interval '26 hours' THEN 'unknown'
                    WHEN r.outcome = 'lost' THEN 'now' WHEN r.outcome = 'arrived' THEN 'well' ELSE 'unknown' END,
               r.jammed_at, NULL
          FROM (SELECT max(canary_run_id) AS latest FROM canary_run) l LEFT JOIN canary_run r ON r.canary_run_id = l.latest;
    END;

REVOKE ALL ON FUNCTION services_health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION services_health TO fjarrkoll_api;

-- ---------------------------------------------------------------------------------------------------------------------
-- The register, taken in by the owner's command or by an administrator who sees the whole installation
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION may_take_register() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF session_user <> 'fjarrkoll_owner' AND NOT scope_whole_life() THEN
        RAISE insufficient_privilege USING MESSAGE = 'the register is for whoever sees the whole installation';
    END IF;
END $$;

-- Not enrolled: they have no credentials yet, so that nothing is expected of them and nothing is known about their use.
CREATE FUNCTION register_devices(ids text[], numbers text[], classes text[], models text[], serials text[], depots text[],
                                 basics boolean[], services boolean[], acquired date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM may_take_register();
    INSERT INTO device (device_id, individual_number, device_class, model_key, serial_number, depot_id, basic_equipment,
                        administration_service, acquired_on)
        SELECT n.device_id, n.number, n.device_class, n.model, n.serial, o.depot_id, n.basic, n.service, n.acquired
          FROM unnest(ids, numbers, classes, models, serials, depots, basics, services, acquired)
               AS n (device_id, number, device_class, model, serial, depot, basic, service, acquired)
          LEFT JOIN depot o ON o.code = n.depot;
END $$;

CREATE FUNCTION correct_devices(numbers text[], serials text[], depots text[], basics boolean[], services boolean[],
                                acquired date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM may_take_register();
    UPDATE device d
       SET serial_number = n.serial, depot_id = (SELECT o.depot_id FROM depot o WHERE o.code = n.depot), basic_equipment = n.basic,
           administration_service = n.service, acquired_on = coalesce(n.acquired, d.acquired_on)
      FROM unnest(numbers, serials, depots, basics, services, acquired) AS n (number, serial, depot, basic, service, acquired)
     WHERE d.individual_number = n.number;
END $$;

CREATE FUNCTION lend_devices(numbers text[], payers text[], frames text[], prescribers text[], starts timestamptz[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM may_take_register();
    INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at)
        SELECT d.device_no, p.payer_id, n.frame, r.prescriber_id, n.started
          FROM unnest(numbers, payers, frames, prescribers, starts) AS n (number, payer, frame, prescriber, started)
          JOIN device d ON d.individual_number = n.number
          JOIN payer p ON p.code = n.payer
          LEFT JOIN prescriber r ON r.code = n.prescriber;
END $$;

REVOKE ALL ON FUNCTION register_devices, correct_devices, lend_devices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_devices, correct_devices, lend_devices TO fjarrkoll_api;
