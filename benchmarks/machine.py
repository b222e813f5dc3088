"""What the machine is, since a rate says little without it."""

import os
import platform
import re
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.results import Machine
from benchmarks.stage import Stage

_LIBRARIES: Final = ("mqtt5", "psycopg", "msgspec", "aiomqtt")
_SYNCS: Final = 25
_BLOCK: Final = bytes(8192)


def describe(stage: Stage, load_before: float) -> Machine:
    """The machine and the versions of everything that takes part.

    Args:
        stage: on which it is measured.
        load_before: see `Machine`.
    """
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=parse_processor(Path("/proc/cpuinfo").read_text(encoding="utf-8")),
        memory_gibibytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        kernel=platform.release(),
        versions={"Python": platform.python_version(), **_servers(stage), **_libraries()},
        file_system=parse_file_system(Path("/proc/self/mounts").read_text(encoding="utf-8"), stage.folder),
        sync_milliseconds=_sync_seconds(stage.folder / "sync") * 1000,
        load_before=load_before,
    )


def parse_processor(cpuinfo: str) -> str:
    """The processor's name in the text of /proc/cpuinfo. Pure."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def parse_file_system(mounts: str, folder: Path) -> str:
    """The kind of file system that holds `folder`, in the text of /proc/mounts: the deepest mount point above. Pure."""
    points = [(Path(line.split()[1]), line.split()[2]) for line in mounts.splitlines()]
    above = [(len(point.parts), kind) for point, kind in points if folder.is_relative_to(point)]
    return max(above)[1] if above else "unknown"


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}


def _servers(stage: Stage) -> dict[str, str]:
    with psycopg.connect(stage.postgres.superuser_dsn("fjarrkoll")) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname = 'timescaledb'"
        ).fetchone()
    database, timescale = row or ("?", "?")
    # Mosquitto tells its version in the help text, and ends with an error code after it.
    told = subprocess.run([stage.binaries.mosquitto, "-h"], capture_output=True, text=True, check=False).stdout
    broker = re.search(r"version (\S+)", told)
    return {"PostgreSQL": database.split()[0], "TimescaleDB": timescale, "Mosquitto": broker[1] if broker else "?"}


def _sync_seconds(path: Path) -> float:
    """How long a commit must wait for the disk, at the least; close to nothing means that this is no real disk."""
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(_BLOCK)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    path.unlink()
    return statistics.median(took)
