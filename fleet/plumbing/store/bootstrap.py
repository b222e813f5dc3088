"""What only a superuser can do, once per cluster and database: roles, their limits, the database, its extensions."""

import secrets
from dataclasses import dataclass, field, fields
from typing import Final, Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fleet.errors import ConfigurationError

READER: Final = "fjarrkoll_reader"
"""Owns the views over time series. Nobody logs in as it, and it bypasses nothing: row security holds in its views."""

# Role settings, so that no forgotten client holds a lock or a transaction for ever. The schema's owner has no statement
# limit: building an index over a year of readings takes as long as it takes.
# Ingest and worker answer to no person who waits: a query of theirs may take one core, never all, so that a first round
# over a region leaves the other core to what came in just now.
_ONE_CORE: Final = {"max_parallel_workers_per_gather": "0"}
_LIMITS: Final[dict[str, dict[str, str]]] = {
    "owner": {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "5min"},
    "ingest": {
        "statement_timeout": "30s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
        **_ONE_CORE,
    },
    "worker": {
        "statement_timeout": "60s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
        **_ONE_CORE,
    },
    "api": {"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"},
    "grafana": {
        "statement_timeout": "30s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "30s",
        "default_transaction_read_only": "on",
    },
}
_EXTENSIONS: Final = ("timescaledb", "btree_gist", "pg_trgm")
# Large objects have no owner's grant to be asked for: without this, any role may write to disk by making one.
_LARGE_OBJECT_WRITERS: Final = sql.SQL("lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)")
_BOOTSTRAP_LOCK: Final = 0x666A0001  # role commands of two at once fail with "tuple concurrently updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerRole:
    """One text per role that logs in; never shown, because it is or contains a password."""

    owner: str = field(repr=False)
    ingest: str = field(repr=False)
    worker: str = field(repr=False)
    api: str = field(repr=False)
    grafana: str = field(repr=False)

    def items(self) -> list[tuple[str, str]]:
        """Short role name ("owner", "ingest", ...) and text."""
        return [(entry.name, getattr(self, entry.name)) for entry in fields(self)]


class Passwords(PerRole):
    """The passwords of the roles that log in."""

    __slots__ = ()

    @classmethod
    def generate(cls) -> Self:
        """New random ones of 192 bits."""
        return cls(**{entry.name: secrets.token_urlsafe(24) for entry in fields(cls)})


class DatabaseUrls(PerRole):
    """`postgresql://role:password@host:port/database` of each role that logs in."""

    __slots__ = ()


def role_name(short: str) -> str:
    """The cluster's name of a role, such as `fjarrkoll_api`."""
    return f"fjarrkoll_{short}"


def bootstrap(superuser_dsn: str, database: str, passwords: Passwords) -> DatabaseUrls:
    """Makes roles, database and extensions where they are missing, and brings rights and limits to what they must be.

    Args:
        superuser_dsn: reaches any database of the cluster as a superuser.
        database: name of the store's database.
        passwords: what each role's password becomes.

    Raises:
        ConfigurationError: the server has no TimescaleDB, or `superuser_dsn` is not a superuser's.
    """
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        _require_superuser(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", [_BOOTSTRAP_LOCK])
        make_roles(connection, passwords)
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(database), sql.Identifier(role_name("owner"))
                )
            )
        close_database(connection, database)
    with psycopg.connect(superuser_dsn, dbname=database, autocommit=True) as connection:
        _prepare_inside(connection)
    return database_urls(superuser_dsn, database, passwords)


def database_urls(superuser_dsn: str, database: str, passwords: Passwords) -> DatabaseUrls:
    """Addresses of `database` on the same server for every role."""
    return DatabaseUrls(
        **{short: _url(superuser_dsn, database, role_name(short), text) for short, text in passwords.items()}
    )


def make_roles(connection: psycopg.Connection, passwords: Passwords) -> None:
    """Makes the roles where missing; sets password and limits. Only a password's SCRAM verifier reaches the server."""
    for short, password in passwords.items():
        role = sql.Identifier(role_name(short))
        _make_role(connection, role_name(short))
        verifier = connection.pgconn.encrypt_password(
            password.encode(), role_name(short).encode(), b"scram-sha-256"
        ).decode("ascii")
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(verifier)))
        for setting, value in _LIMITS[short].items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(setting), sql.Literal(value))
            )
    _make_role(connection, READER)
    connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(READER)))
    # The owner hands its views over to the reader, and replaces them later.
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET TRUE").format(
            sql.Identifier(READER), sql.Identifier(role_name("owner"))
        )
    )


def close_database(connection: psycopg.Connection, database: str) -> None:
    """Lets in our roles and nobody else. A copy of a template needs this again: such rights are not copied."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    everyone = sql.SQL(", ").join(sql.Identifier(role_name(short)) for short in _LIMITS)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, everyone))


def _prepare_inside(connection: psycopg.Connection) -> None:
    for extension in _EXTENSIONS:
        try:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
            raise ConfigurationError(
                f"the server has no extension {extension}: install TimescaleDB for PostgreSQL 17, or run scripts/setup"
            ) from error
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    everyone = sql.SQL(", ").join(sql.Identifier(role_name(short)) for short in _LIMITS)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(everyone))
    connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(READER)))
    connection.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(_LARGE_OBJECT_WRITERS))


def _make_role(connection: psycopg.Connection, name: str) -> None:
    role = sql.Identifier(name)
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    connection.execute(
        sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION").format(role)
    )


def _require_superuser(connection: psycopg.Connection) -> None:
    answer = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if answer is None or not answer[0]:
        raise ConfigurationError(
            "roles and extensions are made by a superuser: give the address of one with --superuser-url"
        )


def _url(dsn: str, database: str, user: str, password: str) -> str:
    """`dsn` for another user and database; whatever else it says (TLS among it) stays."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    kept = {name: value for name, value in parts.items() if name not in {"user", "password", "dbname", "host", "port"}}
    host = parts.get("host", "")
    location = f"{quote(host, safe=':[],') if ':' not in host else f'[{host}]'}:{parts.get('port', '5432')}"
    query = f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    return (
        f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{location}/{quote(database, safe='')}{query}"
    )
