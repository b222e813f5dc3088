"""The backup drill by size: so many readings, a dump beside them, a new cluster, every row's hash compared."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from psycopg import sql

from benchmarks.stage import READINGS, TEMPORARY
from fjarrkoll.copies.back_up import back_up
from fjarrkoll.copies.manifest import CopyError
from fjarrkoll.copies.restore import restore, verify
from fjarrkoll.services import Binaries, Postgres, install
from fleet.plumbing.store.bootstrap import Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.registry import load_registry

SECONDS_PER_MILLION: Final = 300.0
_DATABASE: Final = "fjarrkoll"
_DEVICES: Final = 1000
# Eight metrics, each device a reading a minute: as wide as what a driven chair sends.
_FILL: Final = sql.SQL("""
    INSERT INTO {} (device_no, ts, received_at, boot, seq, battery_voltage, battery_soc, battery_ah_left,
                    controller_temp, drive_distance, drive_time, drive_speed_max, gateway_rssi)
    SELECT n %% {devices}, at, at + interval '1 s', 1, n, 24.5 + n %% 25 * 0.1, n %% 100, n %% 70, n %% 40, n %% 200,
           n %% 30, n %% 4, -90 + n %% 40
      FROM generate_series(1, %s) n, LATERAL (SELECT now() - n / {devices} * interval '1 minute') a (at)
""")
_HARM: Final = sql.SQL("UPDATE {} SET battery_soc = battery_soc + 1 WHERE boot = 1 AND seq = 1")


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """What it took.

    Attributes:
        backup_seconds: the dump with every table's hash; restore_seconds: a new database, and every hash compared.
        harm_noticed: the negative control: one value changed in the copy was found.
    """

    rows: int
    dump_bytes: int
    backup_seconds: float
    restore_seconds: float
    seconds_per_million: float
    harm_noticed: bool

    def complaints(self) -> list[str]:
        """Why it is not good enough."""
        found = [] if self.harm_noticed else ["a changed value was not noticed"]
        if self.seconds_per_million > SECONDS_PER_MILLION:
            found.append(
                f"{self.seconds_per_million:.0f} s per million rows, at most {SECONDS_PER_MILLION:.0f} are wanted"
            )
        return found


def drill(rows: int, tell: Callable[[str], None]) -> Drill:
    """Runs it on two clusters of its own.

    Raises:
        CopyError: what came back is not what was backed up.
        ServiceError: a server did not start.
    """
    binaries = install()
    with _folder() as folder, _cluster(binaries, folder, "one") as one, _cluster(binaries, folder, "other") as other:
        tell(f"storing {rows} readings")
        urls = bootstrap(one.superuser_dsn(), _DATABASE, Passwords.generate())
        migrate(urls.owner, load_registry())
        table = sql.Identifier(READINGS)
        with psycopg.connect(one.superuser_dsn(_DATABASE)) as connection:
            connection.execute(_FILL.format(table, devices=sql.Literal(_DEVICES)), [rows])
        tell("backing up")
        made = back_up(one.superuser_dsn(), _DATABASE, folder / "backup")
        tell("restoring into another cluster, comparing every row")
        done = restore(folder / "backup", other.superuser_dsn(), _DATABASE, Passwords.generate())
        with psycopg.connect(other.superuser_dsn(_DATABASE)) as connection:
            connection.execute(_HARM.format(table))
        try:
            verify(made, other.superuser_dsn(), _DATABASE)
            noticed = False
        except CopyError:
            noticed = True
    return Drill(
        rows=made.rows,
        dump_bytes=made.dump_bytes,
        backup_seconds=made.seconds,
        restore_seconds=done.seconds,
        seconds_per_million=round((made.seconds + done.seconds) * 1e6 / made.rows, 1),
        harm_noticed=noticed,
    )


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-copies-", dir=TEMPORARY if TEMPORARY.is_dir() else None))
    folder.chmod(0o755)  # the servers' own account must get through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cluster(binaries: Binaries, folder: Path, name: str) -> Postgres:
    return Postgres(binaries, folder / name, durable=True)
