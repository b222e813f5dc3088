"""Databases with the probe class and the small world, built once per test process and copied."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.migrate import migrate
from tests.fixtures.database import Database, close_for_copying, copy_database, drop_database
from tests.integration.store.matrix import quiet_logs, statements, town
from tests.integration.store.probe import registry_with_probe
from tests.integration.store.world import Entry, build_world

__all__ = ["quiet_logs", "statements", "town"]

CopyWorld = Callable[[], Database]

_TEMPLATE = "store_world"


@pytest.fixture(scope="session")
def entries(postgres: Postgres, role_passwords: Passwords, template_database: str) -> list[Entry]:
    """Every row of the world; the world itself is a closed database."""
    made = copy_database(postgres, template_database, _TEMPLATE, role_passwords)
    migrate(made.owner, registry_with_probe())
    entries = build_world(made.owner, datetime.now(UTC))
    close_for_copying(postgres, _TEMPLATE)
    return entries


@pytest.fixture(scope="session")
def world(postgres: Postgres, role_passwords: Passwords, entries: list[Entry]) -> Iterator[Database]:
    """A copy of the world to read only; it is the same for all tests."""
    name = f"world_{secrets.token_hex(6)}"
    yield copy_database(postgres, _TEMPLATE, name, role_passwords)
    drop_database(postgres, name)


@pytest.fixture(scope="module")
def changed_world(postgres: Postgres, role_passwords: Passwords, entries: list[Entry]) -> Iterator[Database]:
    """A copy of the world that a test may change and puts back as it was."""
    name = f"world_{secrets.token_hex(6)}"
    yield copy_database(postgres, _TEMPLATE, name, role_passwords)
    drop_database(postgres, name)


@pytest.fixture
def own_world(postgres: Postgres, role_passwords: Passwords, entries: list[Entry]) -> Iterator[Database]:
    """A copy of the world that the test may change."""
    name = f"world_{secrets.token_hex(6)}"
    yield copy_database(postgres, _TEMPLATE, name, role_passwords)
    drop_database(postgres, name)
