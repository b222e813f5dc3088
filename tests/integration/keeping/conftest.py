"""A database with the probe class, and readings of it put in as ingest would."""

import secrets
from collections.abc import Iterator

import pytest

from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.migrate import migrate
from tests.fixtures.database import Database, close_for_copying, copy_database, drop_database
from tests.integration.store.probe import registry_with_probe

_TEMPLATE = "keeping_template"


@pytest.fixture(scope="session")
def probe_template(postgres: Postgres, role_passwords: Passwords, template_database: str) -> str:
    """The name of a closed database that has the probe's tables."""
    made = copy_database(postgres, template_database, _TEMPLATE, role_passwords)
    migrate(made.owner, registry_with_probe())
    close_for_copying(postgres, _TEMPLATE)
    return _TEMPLATE


@pytest.fixture
def kept(postgres: Postgres, role_passwords: Passwords, probe_template: str) -> Iterator[Database]:
    """A copy of it for one test."""
    name = f"keeping_{secrets.token_hex(6)}"
    yield copy_database(postgres, probe_template, name, role_passwords)
    drop_database(postgres, name)
