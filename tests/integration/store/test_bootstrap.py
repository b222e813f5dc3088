"""Roles, their limits and the closed doors of a new database."""

import secrets
from collections.abc import Iterator
from dataclasses import fields

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fjarrkoll.services import Postgres
from fleet.errors import ConfigurationError
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap, database_urls
from tests.fixtures.database import Database, drop_database

ROLES = [entry.name for entry in fields(Passwords)]


@pytest.fixture
def new_database(postgres: Postgres, role_passwords: Passwords) -> Iterator[tuple[str, DatabaseUrls]]:
    name = f"new_{secrets.token_hex(4)}"
    yield name, bootstrap(postgres.superuser_dsn(), name, role_passwords)
    drop_database(postgres, name)


def test_every_role_gets_in_with_its_address(new_database: tuple[str, DatabaseUrls]) -> None:
    name, urls = new_database
    for short, url in urls.items():
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user::text, current_database()::text").fetchone() == (
                f"fjarrkoll_{short}",
                name,
            )


def test_a_second_time_changes_nothing(
    postgres: Postgres, role_passwords: Passwords, new_database: tuple[str, DatabaseUrls]
) -> None:
    name, urls = new_database
    assert bootstrap(postgres.superuser_dsn(), name, role_passwords) == urls
    with psycopg.connect(urls.owner) as connection:
        extensions = connection.execute("SELECT extname FROM pg_extension ORDER BY extname").fetchall()
    assert extensions == [("btree_gist",), ("pg_trgm",), ("plpgsql",), ("timescaledb",)]


def test_a_stranger_of_the_same_cluster_is_not_let_in(
    postgres: Postgres, new_database: tuple[str, DatabaseUrls]
) -> None:
    name, _ = new_database
    stranger = f"stranger_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.superuser_dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(sql.Identifier(stranger)))
        with pytest.raises(psycopg.OperationalError, match="does not have CONNECT privilege"):
            psycopg.connect(make_conninfo(postgres.superuser_dsn(name), user=stranger, password="x"))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(stranger)))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_no_service_waits_or_computes_for_ever(world: Database, role: str) -> None:
    with psycopg.connect(getattr(world, role)) as connection:
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            row = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
            assert row is not None
            assert row[0] != "0", setting


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a integer)",
        "CREATE TEMP TABLE mine (a integer)",
        "CREATE SCHEMA mine",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "SET ROLE fjarrkoll_reader",
        "SET ROLE fjarrkoll_owner",
        "SET SESSION AUTHORIZATION fjarrkoll_owner",
        "ALTER TABLE device NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON device USING (true)",
        "TRUNCATE device CASCADE",
        "COPY device TO PROGRAM 'cat'",
    ],
)
def test_a_service_makes_and_becomes_nothing(world: Database, role: str, statement: str) -> None:
    with psycopg.connect(getattr(world, role), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_grafana_writes_nothing_even_when_it_lifts_its_own_limits(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    with psycopg.connect(database.grafana, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM alarm")
        connection.execute("SET default_transaction_read_only = off")
        for (table,) in tables:
            for statement in ("DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES", "TRUNCATE {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(table)))
    assert len(tables) > 30


def test_bootstrap_asks_for_a_superuser(database: Database, role_passwords: Passwords) -> None:
    with pytest.raises(ConfigurationError, match="--superuser-url"):
        bootstrap(database.owner, database.name, role_passwords)


def test_passwords_are_never_shown() -> None:
    passwords = Passwords.generate()
    urls = database_urls("postgresql://postgres:secret@localhost/postgres", "store", passwords)
    for password in dict(passwords.items()).values():
        assert password not in repr(passwords)
        assert password not in repr(urls)


def test_an_address_keeps_what_else_it_says_and_survives_odd_letters() -> None:
    passwords = Passwords(owner="p@s/s:w?d", ingest="i", worker="w", api="a", grafana="g")
    urls = database_urls("postgresql://postgres:x@db.example:5433/postgres?sslmode=require", "st/ore", passwords)
    assert conninfo_to_dict(urls.owner) == {
        "user": "fjarrkoll_owner",
        "password": "p@s/s:w?d",
        "host": "db.example",
        "port": "5433",
        "dbname": "st/ore",
        "sslmode": "require",
    }
    assert conninfo_to_dict(database_urls("host=::1 user=postgres", "s", passwords).api)["host"] == "::1"
