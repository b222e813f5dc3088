"""Find the servers' programs: those installed on the machine if they fit, else fetched ones."""

import re
from dataclasses import dataclass
from pathlib import Path

from fjarrkoll.services.debian import DATABASE, Progress, fetch, fetch_broker, tell
from fjarrkoll.services.errors import InstallError
from fjarrkoll.services.places import cache_folder

OLDEST_TIMESCALEDB = (2, 19)
# PostgreSQL as packaged by Debian has this path compiled in and takes its time zones from nowhere else.
_ZONES = Path("/usr/share/zoneinfo")


@dataclass(frozen=True, slots=True)
class Binaries:
    """Programs that run directly, each an absolute path.

    `fetched` says whether they are unpacked in our cache folder (else they are the machine's own).
    """

    postgres: Path
    initdb: Path
    psql: Path
    pg_dump: Path
    pg_dumpall: Path
    pg_restore: Path
    pgbench: Path
    mosquitto: Path
    mosquitto_pub: Path
    mosquitto_sub: Path
    fetched: bool

    @classmethod
    def below(cls, root: Path, broker: Path, *, fetched: bool) -> "Binaries":
        """Name the programs of trees laid out as Debian does (`/` for the machine itself).

        Args:
            root: holds the database.
            broker: holds the broker; may be the same.
            fetched: as of the class.
        """
        database = root / "usr/lib/postgresql/17/bin"
        tools = broker / "usr/bin"
        return cls(
            postgres=database / "postgres",
            initdb=database / "initdb",
            psql=database / "psql",
            pg_dump=database / "pg_dump",
            pg_dumpall=database / "pg_dumpall",
            pg_restore=database / "pg_restore",
            pgbench=database / "pgbench",
            mosquitto=broker / "usr/sbin/mosquitto",
            mosquitto_pub=tools / "mosquitto_pub",
            mosquitto_sub=tools / "mosquitto_sub",
            fetched=fetched,
        )

    def missing(self) -> list[Path]:
        """List the programs that are not there."""
        paths = (getattr(self, name) for name in self.__slots__)
        return [path for path in paths if isinstance(path, Path) and not path.is_file()]


def install(cache: Path | None = None, progress: Progress = tell, machine: Path = Path("/")) -> Binaries:
    """Return the servers' programs, fetching them once if the machine has none that fit.

    Args:
        cache: where to unpack; by default `${XDG_CACHE_HOME:-~/.cache}/fjarrkoll`.
        progress: receives one sentence per step; by default they go to standard error.
        machine: the root folder under which to look for installed servers.

    Raises:
        InstallError: with what to do about it.
    """
    if not (_ZONES / "Europe/Stockholm").exists():
        raise InstallError("the time zone Europe/Stockholm is missing on this machine: apt-get install tzdata")
    own = Binaries.below(machine, machine, fetched=False)
    if not own.missing() and fits(machine):
        return own
    folder = cache or cache_folder()
    binaries = Binaries.below(fetch(folder, DATABASE, progress), fetch_broker(folder, progress), fetched=True)
    if binaries.missing():
        raise InstallError(f"incomplete: {binaries.missing()[0]} is missing. Remove {folder} and try again.")
    return binaries


def fits(root: Path) -> bool:
    """Say whether the TimescaleDB of a Debian-like tree is new enough for us."""
    control = root / "usr/share/postgresql/17/extension/timescaledb.control"
    if not control.is_file():
        return False
    version = re.search(r"default_version\s*=\s*'(\d+)\.(\d+)", control.read_text(encoding="utf-8"))
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_TIMESCALEDB
