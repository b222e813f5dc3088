"""Brings a database to this release: schema, profiles' tables, reference rows; safe to repeat and beside services."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from fleet.errors import FjarrkollError
from fleet.plumbing.store.keeping.tables import index_arrival, shape_roll_ups
from fleet.plumbing.store.projection import project
from fleet.plumbing.store.tables import TableChange, check_names, shape_table
from fleet.profile import DeviceProfile
from fleet.registry import Registry

_LOCK: Final = 0x666A0002  # any fixed number: two migrations at once take turns
_TURN_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.1
_ATTEMPTS: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.25

Done = TypeVar("Done")


class MigrationError(FjarrkollError):
    """The database could not be brought to this release; the message says what stood in the way."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done.

    Attributes:
        revision_before: None where the database was empty.
        tables: per device class and kind: readings, hourly and daily values.
        reference_rows: rows written or removed, per reference table that changed.
    """

    revision_before: str | None
    revision_after: str | None
    tables: tuple[TableChange, ...]
    reference_rows: dict[str, int]

    @property
    def nothing(self) -> bool:
        """Whether the database already was at this release."""
        unchanged = self.revision_before == self.revision_after and not self.reference_rows
        return unchanged and all(change.nothing for change in self.tables)


def migrate(owner_dsn: str, registry: Registry) -> Migration:
    """Migrates, under a lock that makes two callers take turns.

    Every step is one transaction under the owner role's short lock_timeout, tried again when a running service holds
    what it needs, so that ingest never waits longer than that timeout (reliability.md D25).

    Args:
        owner_dsn: reaches the database as fjarrkoll_owner; `bootstrap` has run.
        registry: the device classes of this installation; a class that it lacks is left as it is.

    Raises:
        ProfileError, ConfigurationError: the profiles clash, or hold less than the database does.
        MigrationError: another migration, or a lock, did not give way.
    """
    check_names(registry)
    with psycopg.connect(owner_dsn, autocommit=True) as connection, _turn(connection):
        before, after = _patiently(partial(_upgrade, owner_dsn))
        tables = tuple(change for profile in registry for change in _patiently(partial(_shape, connection, profile)))
        for profile in registry:
            _patiently(partial(index_arrival, connection, profile))
        rows = _patiently(partial(_project, connection, registry))
    return Migration(before, after, tables, rows)


def _upgrade(owner_dsn: str) -> tuple[str | None, str | None]:
    """Runs Alembic to its head, configured here and not by a file; returns the revision before and after."""
    config = Config()
    config.set_main_option("script_location", "fleet.plumbing:migrations")
    config.set_main_option("path_separator", "os")
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=partial(psycopg.connect, owner_dsn), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        command.upgrade(config, "head")
        return before, MigrationContext.configure(connection).get_current_revision()


def _shape(connection: psycopg.Connection, profile: DeviceProfile) -> tuple[TableChange, ...]:
    with connection.transaction():
        return (shape_table(connection, profile), *shape_roll_ups(connection, profile))


def _project(connection: psycopg.Connection, registry: Registry) -> dict[str, int]:
    with connection.transaction():
        return project(connection, registry)


@contextmanager
def _turn(connection: psycopg.Connection) -> Iterator[None]:
    """Holds the migration's advisory lock; asks again and again, so that no statement waits past the role's limits."""
    deadline = time.monotonic() + _TURN_SECONDS
    while not _got_lock(connection):
        if time.monotonic() > deadline:
            raise MigrationError(
                f"another migration has been running for {_TURN_SECONDS:.0f} s: wait for it, or end it, and try again"
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _got_lock(connection: psycopg.Connection) -> bool:
    answer = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    return answer is not None and bool(answer[0])


def _patiently(step: Callable[[], Done]) -> Done:
    """Does a step, again after a growing pause where a lock was not to be had."""
    failure: Exception | None = None
    for attempt in range(_ATTEMPTS):
        if failure is not None:
            time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            return step()
        except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
            if not _lock_is_cause(error):
                raise
            failure = error
    raise MigrationError(
        f"a running service holds a lock that is needed ({failure}): try again at a quieter time"
    ) from failure


def _lock_is_cause(error: Exception) -> bool:
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    return isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected)
