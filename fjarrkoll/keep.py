"""`fjarrkoll keep run|status`: roll-ups and retention, once or for ever, and how far they have come."""

import json
import signal
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import psycopg
import typer
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from pydantic_settings import BaseSettings, SettingsConfigDict

from fleet.plumbing.logs import get_logger
from fleet.plumbing.settings import PREFIX, Settings, load_settings
from fleet.plumbing.store.keeping.columnstore import has_columnstore, to_columnstore
from fleet.plumbing.store.keeping.limits import Dropped, Retention
from fleet.plumbing.store.keeping.retention import retain
from fleet.plumbing.store.keeping.roll_up import KeepingBusyError, RolledUp, only_one, roll_up
from fleet.plumbing.store.keeping.status import keeping_status
from fleet.registry import Registry, load_registry

app: Final = typer.Typer(no_args_is_help=True, help="Roll readings up and drop what has been kept long enough.")
_log = get_logger(room="keep")
_UNTIL_AGAIN: Final = 60.0  # seconds after a failure, where `every` is longer
_DEFAULT: Final = Retention()


class KeepSettings(BaseSettings):
    """The limits of `Retention` from FJARRKOLL_KEEP_* variables; what is not set keeps its safe default.

    Attributes:
        columns_after_days: chunks this old become columns, where the server has a columnstore.
    """

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}KEEP_", extra="ignore")

    readings_days: int = _DEFAULT.readings_days
    hourly_days: int = _DEFAULT.hourly_days
    daily_days: int = _DEFAULT.daily_days
    events_days: int = _DEFAULT.events_days
    usage_days: int = _DEFAULT.usage_days
    faults_days: int = _DEFAULT.faults_days
    alarms_days: int = _DEFAULT.alarms_days
    commands_days: int = _DEFAULT.commands_days
    quarantine_days: int = _DEFAULT.quarantine_days
    minutes_days: int = _DEFAULT.minutes_days
    audit_days: int = _DEFAULT.audit_days
    clock_corrections_days: int = _DEFAULT.clock_corrections_days
    hold_from: datetime | None = None
    columns_after_days: int = 21

    def retention(self) -> Retention:
        """The limits, checked against each other.

        Raises:
            ConfigurationError: they would lose something.
        """
        return Retention(**self.model_dump(exclude={"columns_after_days"}))


@dataclass(slots=True)
class KeepMetrics:
    """Figures of `keep run --every`."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    until: Gauge = field(init=False)
    corrected: Counter = field(init=False)
    kept: Gauge = field(init=False)
    failures: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Registers the figures."""
        name, registry = "fjarrkoll_keep", self.registry
        self.until = Gauge(f"{name}_rolled_up_until_seconds", "Unix time", ["device_class"], registry=registry)
        self.corrected = Counter(f"{name}_corrected_hours", "By late data", ["device_class"], registry=registry)
        self.kept = Gauge(f"{name}_chunks_kept_unproved", "Old, but not rolled up", ["table"], registry=registry)
        self.failures = Counter(f"{name}_failed_runs", "Runs that ended with an error", registry=registry)

    def note(self, rolled: list[RolledUp], dropped: list[Dropped]) -> None:
        """Takes a run in."""
        for entry in rolled:
            self.corrected.labels(entry.device_class).inc(entry.corrected)
            if entry.until is not None:
                self.until.labels(entry.device_class).set(entry.until.timestamp())
        self.kept.clear()
        for gone in dropped:
            self.kept.labels(gone.what).set(len(gone.kept))


@app.command()
def run(
    every: Annotated[float | None, typer.Option(help="Seconds between runs; once only if not given.", min=1)] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be dropped, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of sentences.")] = False,
) -> None:
    """Roll up what ingest has stored, then drop what is older than FJARRKOLL_KEEP_* says."""
    settings, keep = load_settings(), KeepSettings()
    if every is None:
        rolled, dropped, columns = _once(settings, keep, dry_run=dry_run)
        typer.echo(_as_json(rolled, dropped, columns) if as_json else _sentences(rolled, dropped, dry_run=dry_run))
    else:
        _for_ever(settings, keep, every)


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="JSON instead of sentences.")] = False) -> None:
    """Show per device class how far roll-ups have come, what raw readings are kept, and their size."""
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        found, columns = keeping_status(connection, load_registry()), has_columnstore(connection)
    if as_json:
        classes = [asdict(entry) for entry in found]
        typer.echo(json.dumps({"classes": classes, "columnstore": columns}, default=str))
        return
    for entry in found:
        until = entry.rolled_up_until and f"rolled up until {_time(entry.rolled_up_until)}"
        since = entry.raw_from and f"raw readings from {_time(entry.raw_from)}"
        size = f"{entry.readings_bytes / 1e6:.1f} MB raw in {entry.chunks} chunks"
        also = f"{entry.roll_ups_bytes / 1e6:.1f} MB rolled up"
        sentence = ", ".join([until or "not rolled up yet", since or "nothing dropped", size, also])
        typer.echo(f"{entry.device_class}: {sentence}.")
    typer.echo(f"Columnstore: {'used' if columns else 'not offered by this server, not needed'}.")


def _once(settings: Settings, keep: KeepSettings, *, dry_run: bool) -> tuple[list[RolledUp], list[Dropped], int]:
    registry: Registry = load_registry()
    retention = keep.retention()
    now = datetime.now(UTC)
    with (
        psycopg.connect(settings.need("owner_database_url"), autocommit=True) as connection,
        only_one(connection),
    ):
        rolled = [] if dry_run else [roll_up(connection, profile) for profile in registry]
        dropped = retain(connection, registry, retention, now, dry_run=dry_run)
        before = now - timedelta(days=keep.columns_after_days)
        columns = 0 if dry_run else to_columnstore(connection, registry, before)
    return rolled, dropped, columns


def _for_ever(settings: Settings, keep: KeepSettings, every: float) -> None:
    """Until SIGTERM or Ctrl-C; a failed run is told and tried again, since roll-ups catch up by themselves."""
    keep.retention()  # limits that do not fit end the program at once
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    metrics = KeepMetrics()
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host, metrics.registry)
    while not stop.is_set():
        pause = every
        try:
            rolled, dropped, _ = _once(settings, keep, dry_run=False)
        except (psycopg.Error, KeepingBusyError) as error:
            metrics.failures.inc()
            pause = min(every, _UNTIL_AGAIN)
            _log.warning("The run failed and is tried again.", event_name="keep_failed", error=str(error).strip())
        else:
            metrics.note(rolled, dropped)
            _log.info("Run done.", event_name="keep_done", said=_sentences(rolled, dropped, dry_run=False))
        stop.wait(pause)


def _as_json(rolled: list[RolledUp], dropped: list[Dropped], columns: int) -> str:
    told: dict[str, Any] = {"rolled_up": [asdict(entry) for entry in rolled]}
    told |= {"dropped": [asdict(entry) for entry in dropped], "chunks_turned_into_columns": columns}
    return json.dumps(told, default=str)


def _sentences(rolled: list[RolledUp], dropped: list[Dropped], *, dry_run: bool) -> str:
    verb = "would go" if dry_run else "gone"
    lines = []
    for entry in rolled:
        if entry.until is None:
            lines.append(f"{entry.device_class}: no readings yet, or no word from ingest.")
        elif entry.hours or entry.days:
            until = f"rolled up until {_time(entry.until)}, {entry.corrected} hours corrected by late data"
            lines.append(f"{entry.device_class}: {entry.hours} hours and {entry.days} days written, {until}.")
    for gone in dropped:
        if gone.chunks or gone.rows:
            amount = f"{gone.chunks} chunks" if gone.chunks else f"{gone.rows} rows"
            lines.append(f"{gone.what}: {amount} from before {gone.before:%Y-%m-%d} {verb}.")
        lines += [f"{gone.what}: kept, {why}." for why in gone.kept]
    return "\n".join(lines) or "Nothing to do."


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
