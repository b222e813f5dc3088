"""What a measurement runs on: durable PostgreSQL, the shipped broker, a migrated database, enrolled devices."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from benchmarks.generator import Order
from benchmarks.workload import DEVICE_CLASS, MODEL, Workload, device_id
from fjarrkoll.services import Binaries, Mosquitto, Postgres, install
from fleet.errors import FjarrkollError
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.plumbing.store.tables import reading_table
from fleet.registry import Registry, load_registry

GENERATOR: Final = "bench"
SUBSCRIBER: Final = "observer"
INGEST: Final = "ingest"
READINGS: Final = reading_table(DEVICE_CLASS)
# One connection of the benchmark speaks for many devices.
GENERATOR_ACL: Final = f"user {GENERATOR}\ntopic write fk/v1/+/telemetry\n"
_LENT_BEFORE: Final = timedelta(days=390)
# Outlives a restart and is rarely held in memory, unlike /tmp: durability must be paid for.
TEMPORARY: Final = Path("/var/tmp")  # noqa: S108 - the folder made in it is private to us
_CANARY: Final = "bench-canary"
# As in fleet/plumbing/store/tables.py.
_MAKE_HYPERTABLE: Final = (
    "SELECT create_hypertable(%s::regclass, by_range('ts', interval '7 days'), create_default_indexes => false)"
)
_MUST_BE_ON: Final = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurableError(FjarrkollError):
    """The database would not keep its promises through a power cut; figures taken on it would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a measurement needs.

    Attributes:
        passwords: broker account to password.
        device_numbers: device_no by the device's index in the workload.
        canary: a device beside them, for the first sign of life; its device_no.
    """

    binaries: Binaries
    folder: Path
    registry: Registry
    postgres: Postgres
    broker: Mosquitto
    urls: DatabaseUrls
    passwords: dict[str, str]
    device_numbers: list[int]
    canary: int

    @property
    def canary_id(self) -> str:
        """The canary's device id."""
        return _CANARY

    def order(self, workload: Workload, *, warming: bool = False) -> Order:
        """What the generator is told."""
        return Order(
            host=self.broker.host,
            port=self.broker.port,
            username=GENERATOR,
            password=self.passwords[GENERATOR],
            workload=workload,
            warming=warming,
        )

    def make_like_readings(self, table: str) -> None:
        """Makes a hypertable of the same shape as the class's own."""
        with psycopg.connect(self.urls.owner) as connection:
            names = map(sql.Identifier, (table, READINGS))
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(*names))
            connection.execute(_MAKE_HYPERTABLE, [table])

    def checkpoint(self) -> None:
        """Writes out what earlier phases left behind, so that the next one does not pay for it."""
        with psycopg.connect(self.postgres.superuser_dsn(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")


@contextmanager
def stage(workload: Workload) -> Iterator[Stage]:
    """Sets the stage in a new folder and takes it down again, whatever happened.

    Raises:
        ServiceError: a server did not start.
        NotDurableError: see there.
    """
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-bench-", dir=TEMPORARY if TEMPORARY.is_dir() else None))
    folder.chmod(0o755)  # the servers' own account must get through
    try:
        with _servers(folder, workload) as ready:
            yield ready
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _servers(folder: Path, workload: Workload) -> Iterator[Stage]:
    binaries, registry = install(), load_registry()
    passwords = {name: secrets.token_urlsafe(16) for name in (GENERATOR, SUBSCRIBER, INGEST)}
    # Commit times are read from the database afterwards instead of asking it all the while. The log's files are written
    # again, as in a server that has been at work, in every phase alike: else all that is measured waits for new ones.
    settings = {"track_commit_timestamp": "on", "min_wal_size": "1GB"}
    database = Postgres(binaries, folder / "database", durable=True, settings=settings)
    # A backlog as large as the whole workload must find room: what is measured is speed, not the broker's limit.
    queue = {"max_queued_messages": str(max(200_000, 2 * workload.produced))}
    broker = Mosquitto(binaries, folder / "broker", passwords, extra_acl=GENERATOR_ACL, settings=queue)
    with database, broker:
        urls = bootstrap(database.superuser_dsn(), "fjarrkoll", Passwords.generate())
        migrate(urls.owner, registry)
        require_durable(urls.ingest)
        *numbers, canary = enroll(urls.owner, workload)
        yield Stage(
            binaries=binaries,
            folder=folder,
            registry=registry,
            postgres=database,
            broker=broker,
            urls=urls,
            passwords=passwords,
            device_numbers=numbers,
            canary=canary,
        )


def require_durable(url: str) -> None:
    """Raises where the database would not keep its promises through a power cut."""
    with psycopg.connect(url) as connection:
        for name in _MUST_BE_ON:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row is None or row[0] != "on":
                raise NotDurableError(f"{name} is {row and row[0]} for ingest's role: set it to on, then measure")


def enroll(url: str, workload: Workload) -> list[int]:
    """Registers the workload's devices, on loan, and the canary as the last; returns their numbers."""
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO payer (code, name, kind) VALUES ('bench', 'Bench', 'region') RETURNING payer_id"
        ).fetchone()
        loan = NewLoan(payer_id=row[0], legal_frame="HSL", started_at=now - _LENT_BEFORE) if row else None
        identities = [*(device_id(index) for index in range(workload.devices)), _CANARY]
        new = [
            NewDevice(
                device_class=DEVICE_CLASS, model_key=MODEL, individual_number=name.upper(), device_id=name, loan=loan
            )
            for name in identities
        ]
        return [enrolled.device_no for enrolled in enroll_devices(connection, new, now)]
