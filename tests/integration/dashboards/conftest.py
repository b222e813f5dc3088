"""One filled database for all tests of this folder: filling takes longer than asking."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
import pytest
from psycopg import sql

from diagnostics.idle.run import refresh
from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords, close_database, database_urls
from fleet.registry import load_registry
from tests.integration.dashboards.month import fill, utc_now

_NAME = "test_dashboards"


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with a month of rows: the moment they end, and how Grafana and the owner reach it."""

    now: datetime
    grafana: str
    owner: str


@pytest.fixture(scope="session")
def filled(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Filled:
    superuser = postgres.superuser_dsn()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER fjarrkoll_owner").format(
                sql.Identifier(_NAME), sql.Identifier(template_database)
            )
        )
        close_database(connection, _NAME)
    urls = database_urls(superuser, _NAME, role_passwords)
    now = utc_now()
    fill(urls.owner, load_registry(), now)
    with psycopg.connect(urls.worker) as connection:
        refresh(connection, load_registry(), now)
    return Filled(now, urls.grafana, urls.owner)


@pytest.fixture
def grafana(filled: Filled) -> Iterator[psycopg.Connection]:
    """A connection in Grafana's role."""
    with psycopg.connect(filled.grafana, autocommit=True) as connection:
        yield connection
