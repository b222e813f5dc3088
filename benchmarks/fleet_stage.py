"""What a regional run stands on: PostgreSQL, the broker with every gateway's list, a whole fleet enrolled."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.fleet_bars import A_REGION
from benchmarks.stage import require_durable
from device_sim.regional.accounts import Account, access_list, accounts_for
from device_sim.regional.plan import RegionalPlan, device_id
from device_sim.regional.readings import DEVICE_CLASS, METRICS, MODEL
from diagnostics.alarms.rulebook import books, digest
from fjarrkoll.chain.site import scraped
from fjarrkoll.local.part import Part
from fjarrkoll.services import COUNTRY, REGION, Mosquitto, Postgres, install
from fjarrkoll.services.errors import StartError
from fjarrkoll.services.process import free_port
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.mass_register import enroll_fleet
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import NewLoan
from fleet.registry import load_registry

DATABASE: Final = "fjarrkoll"
_SERVICES: Final = ("ingest", "diagnostics")
_LENT_BEFORE: Final = timedelta(days=390)
_BROKER_START_SECONDS: Final = 300.0
"""It reads two lines of its access list for each device behind a gateway."""
_HEARD_AGO: Final = timedelta(minutes=10)
_READY_SECONDS: Final = 60.0
_JUDGED_SECONDS: Final = 600.0
_HEARD_BEFORE: Final = """
    INSERT INTO device_state (device_no, boot, first_seen_at, last_seen_at, last_event_at, last_used_day, metric_values)
    SELECT device_no, %(boot)s, %(then)s - interval '300 days', %(then)s, %(then)s, %(day)s,
           (SELECT jsonb_object_agg(key, jsonb_build_array(low, (extract(epoch FROM %(then)s) * 1000)::bigint))
              FROM unnest(%(keys)s::text[], %(lows)s::float8[]) AS m (key, low))
      FROM device
"""
"""Every device as it stands when it was heard before; a region is not heard for the first time within a minute."""
_USED_BEFORE: Final = """
    INSERT INTO usage_day (device_no, local_day, measure, amount)
    SELECT device_no, %(day)s, measure, 30 FROM device, unnest(ARRAY['drive_minutes', 'distance']) AS measure
"""
_JUDGED_BEFORE: Final = "INSERT INTO alarm_sweep (digest, ended_at) VALUES (%(digest)s, %(then)s)"
"""By the rules of this release, so that the worker does not hurry through all devices as after another release."""
_TEMPORARY: Final = Path("/var/tmp")  # noqa: S108 - the folder made in it is private to us


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStage:
    """Everything a run needs.

    Attributes:
        accounts: the lines of the swarm.
        device_numbers: device_no by the device's number in the plan.
        enrolled_seconds: how long registering all of them took.
        large_pages: as of `FleetRun`.
        ingest_metrics: port.
    """

    folder: Path
    postgres: Postgres
    broker: Mosquitto
    urls: DatabaseUrls
    passwords: Mapping[str, str]
    accounts: list[Account]
    device_numbers: list[int]
    enrolled_seconds: float
    large_pages: str
    ingest_metrics: int

    def wait_ready(self, parts: Sequence[Part]) -> None:
        """Until ingest is connected and the worker has judged every device once, as it has long since in a region.

        Raises:
            StartError: a part ended, or it takes too long.
        """
        ends = time.monotonic() + _READY_SECONDS
        while scraped(self.ingest_metrics).get("connected") != 1.0:
            _check(parts, ends, "ingest is not connected")
        ends = time.monotonic() + _JUDGED_SECONDS
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            while connection.execute("SELECT FROM idle_run LIMIT 1").fetchone() is None:
                _check(parts, ends, "the worker has not judged the region")

    @property
    def superuser(self) -> str:
        """Address with which everything is seen."""
        return self.postgres.superuser_dsn(DATABASE)

    def parts(self) -> list[Part]:
        """Ingest and the worker that judges alarms, with their default settings."""
        broker = {"mqtt_host": self.broker.host, "mqtt_port": str(self.broker.port)}
        settings = {
            "ingest": {
                "ingest_database_url": self.urls.ingest,
                "mqtt_username": "ingest",
                "mqtt_password": self.passwords["ingest"],
                "metrics_port": str(self.ingest_metrics),
            },
            "worker": {
                "worker_database_url": self.urls.worker,
                "mqtt_username": "diagnostics",
                "mqtt_password": self.passwords["diagnostics"],
                "metrics_port": str(free_port()),
            },
        }
        arguments = {"ingest": ["ingest", "run"], "worker": ["diagnostics", "worker"]}
        return [Part(name, arguments[name], settings[name] | broker, self.folder) for name in settings]


@contextmanager
def fleet_stage(plan: RegionalPlan, per_gateway: int, tell: Callable[[str], None]) -> Iterator[FleetStage]:
    """Sets the stage in a new folder and takes it down again, whatever happened.

    Raises:
        ServiceError: a server did not start.
        NotDurableError: the database would not keep its promises.
    """
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-fleet-", dir=_TEMPORARY if _TEMPORARY.is_dir() else None))
    folder.chmod(0o755)  # the servers' own account must get through
    try:
        with ExitStack() as stack:
            yield _set(stack, folder, plan, per_gateway, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set(
    stack: ExitStack,
    folder: Path,
    plan: RegionalPlan,
    per_gateway: int,
    tell: Callable[[str], None],
) -> FleetStage:
    binaries = install()
    accounts = accounts_for(plan.devices, iter(lambda: secrets.token_urlsafe(16), ""), per_gateway)
    passwords = {name: secrets.token_urlsafe(16) for name in _SERVICES}
    # Commit times are read from the database afterwards instead of asking it all the while.
    settings = {**(COUNTRY if plan.devices > A_REGION else REGION), "track_commit_timestamp": "on"}
    database = stack.enter_context(Postgres(binaries, folder / "database", durable=True, settings=settings))
    urls = bootstrap(database.superuser_dsn(), DATABASE, Passwords.generate())
    migrate(urls.owner, load_registry())
    require_durable(urls.ingest)
    tell(f"enrolling {plan.devices} devices")
    began = time.monotonic()
    numbers = _enroll(database.superuser_dsn(DATABASE), plan)
    enrolled_seconds = time.monotonic() - began
    tell(f"enrolled in {enrolled_seconds:.1f} s; they have been heard before")
    _hear(database.superuser_dsn(DATABASE), plan)
    tell("the broker reads its list")
    credentials = passwords | {account.name: account.password for account in accounts}
    extra = "\n".join(access_list(accounts)) + "\n"
    broker = Mosquitto(
        binaries,
        folder / "broker",
        credentials,
        extra_acl=extra,
        start_seconds=_BROKER_START_SECONDS,
    )
    return FleetStage(
        folder=folder,
        postgres=database,
        broker=stack.enter_context(broker),
        urls=urls,
        passwords=passwords,
        accounts=accounts,
        device_numbers=numbers,
        enrolled_seconds=enrolled_seconds,
        large_pages=_large_pages(urls.owner),
        ingest_metrics=free_port(),
    )


def _large_pages(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW huge_pages_status").fetchone()
        return "unknown" if row is None else str(row[0])


def _enroll(url: str, plan: RegionalPlan) -> list[int]:
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO payer (code, name, kind) VALUES ('fleet', 'Fleet', 'region') RETURNING payer_id"
        ).fetchone()
        if row is None:
            raise RuntimeError("the payer was not made")
        loan = NewLoan(payer_id=row[0], legal_frame="HSL", started_at=now - _LENT_BEFORE)
        return enroll_fleet(connection, plan.devices, device_id, DEVICE_CLASS, MODEL, loan, now, unchecked=True)


def _hear(url: str, plan: RegionalPlan) -> None:
    then = datetime.now(UTC) - _HEARD_AGO
    day = then.date() - timedelta(days=1)
    parameters = {"boot": plan.boot, "then": then, "day": day}
    metrics = {"keys": [metric.key for metric in METRICS], "lows": [metric.low for metric in METRICS]}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_HEARD_BEFORE, parameters | metrics)
        connection.execute(_USED_BEFORE, parameters)
        connection.execute(_JUDGED_BEFORE, {"digest": digest(books(load_registry())), "then": then})
        connection.execute("VACUUM (ANALYZE) device_state, usage_day, device, loan")
        # What filling wrote of the log lies ready to be written again, as it does where a server has been at work.
        connection.execute("CHECKPOINT")


def _check(parts: Sequence[Part], ends: float, what: str) -> None:
    """A fifth of a second's patience."""
    for part in parts:
        part.check()
    if time.monotonic() > ends:
        raise StartError(f"{what}; its log is in {parts[0].log_path.parent}")
    time.sleep(0.2)
