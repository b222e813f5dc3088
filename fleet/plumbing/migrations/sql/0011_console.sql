-- People who use the console: their accounts and the sessions they are in. Application roles reach both only through the
-- functions below; nobody can list passwords or sessions.

CREATE TABLE account (
    account_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login         text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'),
    password_hash text,                    -- argon2id; NULL: this person comes in through an identity provider only
    role          text NOT NULL CHECK (role IN ('technician', 'carer', 'clinical', 'analyst', 'prescriber_unit', 'administrator')),
    care_unit     text NOT NULL,
    payers        integer[],               -- NULL: every payer, as in api_token
    frames        text[] NOT NULL,
    audiences     text[] NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz
);

-- Only the SHA-256 of a session's secret is kept. A session ends after twelve hours, after an hour without use, or when it is told to.
CREATE TABLE console_session (
    session_hash bytea PRIMARY KEY,
    account_id   integer NOT NULL REFERENCES account,
    created_at   timestamptz NOT NULL DEFAULT now(),
    used_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '12 hours'
);
CREATE INDEX console_session_account ON console_session (account_id);

CREATE FUNCTION find_account(wanted text) RETURNS SETOF account LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT * FROM account WHERE login = wanted AND disabled_at IS NULL;
    END;

-- Opening one clears away those that are over, so that no timer is needed.
CREATE FUNCTION open_session(hash bytea, account integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    DELETE FROM console_session WHERE expires_at < now() OR used_at < now() - interval '1 hour';
    INSERT INTO console_session (session_hash, account_id) VALUES (hash, account);
END $$;

-- The account of a session that still holds. Its use is noted once a minute, not with every request.
CREATE FUNCTION find_session(hash bytea) RETURNS SETOF account LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE console_session SET used_at = now()
     WHERE session_hash = hash AND used_at BETWEEN now() - interval '1 hour' AND now() - interval '1 minute' AND expires_at > now();
    RETURN QUERY SELECT a.* FROM console_session s JOIN account a USING (account_id)
     WHERE s.session_hash = hash AND s.expires_at > now() AND s.used_at > now() - interval '1 hour' AND a.disabled_at IS NULL;
END $$;

CREATE FUNCTION end_session(hash bytea) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        DELETE FROM console_session WHERE session_hash = hash;
    END;

REVOKE ALL ON FUNCTION find_account, open_session, find_session, end_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_account, open_session, find_session, end_session TO fjarrkoll_api;

-- What an account may do and see now, for whoever acts in its name later; no row where it is shut. Nothing that opens a door is in it.
CREATE FUNCTION account_standing(wanted text) RETURNS TABLE (role text, payers integer[], frames text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT a.role, a.payers, a.frames FROM account a WHERE a.login = wanted AND a.disabled_at IS NULL;
    END;
REVOKE ALL ON FUNCTION account_standing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_standing TO fjarrkoll_worker;
