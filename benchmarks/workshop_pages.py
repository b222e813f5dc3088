"""How long the workshop's pages take with a whole region's devices: readiness, orders, faults, a device's timeline.

    python -m benchmarks.workshop_pages 417000

Fills a database of its own with devices, loans, states, faults and work orders, one device with ninety days of readings
a minute, lets the worker count the faults, and asks the API in this process: as one who sees every payer, one who sees
a single payer, and two who see many payers but not everything, for whom sums over everything are no answer.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import structlog

from benchmarks.filling import filled, filling
from diagnostics.app import build_app
from diagnostics.faults.counting import SHARE, FaultCount
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.server import open_resources
from fjarrkoll.services import REGION, Postgres, install
from fleet.plumbing.database import database_pool
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import create_token
from fleet.registry import load_registry

ASKED: Final = 40
TARGET_MILLISECONDS: Final = 100.0
_PAYERS: Final = 50
_FILL: Final = Path(__file__).with_suffix(".sql")


def fill(connection: psycopg.Connection, devices: int, *, minutes: int, others: int) -> None:
    """Fills an empty migrated database.

    Args:
        connection: the owner's, or a superuser's.
        devices: how many; device 7 is the busiest.
        minutes: readings of the busiest, one a minute.
        others: devices 8 to this one have a thousand readings each, one an hour.
    """
    text = _FILL.read_text(encoding="utf-8")
    filled(connection, text.format(devices=devices, payers=_PAYERS, minutes=minutes, others=others))


async def count(urls: DatabaseUrls) -> None:
    """Prints how long the worker takes to count every fault and device-day, at once and with its pauses."""
    async with database_pool(urls.worker, "bench-faults", largest=1) as pool:
        for name, share in (("first, without a pause", 1.0), ("again, without a pause", 1.0), ("again, paced", SHARE)):
            begun = time.perf_counter()
            models = await FaultCount(pool, share=share).round()
            print(f"faults counted, {name:<24} {models} models {time.perf_counter() - begun:7.1f} s")


@contextmanager
def region(devices: int, also: Callable[[psycopg.Connection], None] | None = None) -> Iterator[DatabaseUrls]:
    """A database with so many devices.

    Args:
        devices: how many.
        also: fills in more, before the indexes are made.
    """
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-pages-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(install(), folder / "database", settings=REGION) as server:
            urls = bootstrap(server.superuser_dsn(), "fjarrkoll", Passwords.generate())
            migrate(urls.owner, load_registry())
            with psycopg.connect(server.superuser_dsn("fjarrkoll"), autocommit=True) as connection:
                with filling(connection):
                    fill(connection, devices, minutes=129_600, others=507)
                    if also is not None:
                        also(connection)
                connection.execute("VACUUM ANALYZE")
                asyncio.run(count(urls))
                connection.execute("VACUUM ANALYZE fault_group, device_days")
            yield urls
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked, by name."""
    return {
        "orders open": ("orders", {}),
        "orders all": ("orders", {"state": "all"}),
        "orders acute": ("orders", {"priority": "acute"}),
        "orders of a depot": ("orders", {"depot": "depa-2"}),
        "orders overdue": ("orders", {"overdue": "true"}),
        "readiness of one": ("devices/d-00000007/readiness", {}),
        "readiness of a depot": ("readiness", {"depot": "depa-2"}),
        "readiness of a model": ("readiness", {"model": "permobil-m3"}),
        "readiness of a unit": ("readiness", {"unit": "enhet-77"}),
        "fault groups": ("faults/groups", {}),
        "fault groups of a week": ("faults/groups", {"days": "7"}),
        "fault groups of a year": ("faults/groups", {"days": "365", "limit": "500"}),
        "fault groups new": ("faults/groups", {"new_only": "true"}),
        "fault groups of a model": ("faults/groups", {"model": "pg-vr2", "limit": "500"}),
        "codes nobody knows": ("faults/unknown", {}),
        "timeline of the busiest": ("devices/d-00000007/timeline", {}),
        "timeline of its events": ("devices/d-00000007/timeline", {"kind": "event"}),
        "timeline of its readings": ("devices/d-00000007/timeline", {"kind": "readings"}),
        "timeline of a usual one": ("devices/d-00000107/timeline", {}),
        "timeline of a silent one": ("devices/d-00009007/timeline", {}),
    }


def callers(urls: DatabaseUrls) -> dict[str, str]:
    """A token for each way to see the region, by name."""
    wanted: dict[str, tuple[list[int] | None, tuple[str, ...]]] = {
        "every payer": (None, ("HSL", "SoL")),
        "one payer": ([8], ("HSL", "SoL")),
        "half of them": (list(range(1, _PAYERS // 2 + 1)), ("HSL", "SoL")),
        "one frame": (None, ("HSL",)),
    }
    with psycopg.connect(urls.owner) as connection:
        return {
            name: create_token(connection, name, "administrator", care_unit="x", payers=payers, frames=frames)
            for name, (payers, frames) in wanted.items()
        }


async def measure(urls: DatabaseUrls) -> bool:
    """Prints p50 and p99 of every page for each caller; whether all stay within the target."""
    tokens, within = callers(urls), True
    async with open_resources(urls.api, connections=2) as resources:
        fast = Rate(burst=10**6, per_second=10**6)
        resources.limits = Limits(requests=Limiter(fast), commands=Limiter(fast), refusals=Limiter(fast))
        transport = httpx.ASGITransport(app=build_app(resources))
        async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
            for name, (path, query) in pages().items():
                for who, token in tokens.items():
                    times = await _times(client, path, query, token)
                    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
                    within = within and p50 <= TARGET_MILLISECONDS
                    print(f"{name:<26} {who:<12} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
    return within


async def _times(client: httpx.AsyncClient, path: str, query: dict[str, Any], token: str) -> list[float]:
    times = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        answer = await client.get(f"/api/v1/{path}", params=query, headers={"authorization": f"Bearer {token}"})
        times.append((time.perf_counter() - begun) * 1000)
        if answer.status_code not in {200, 404}:
            raise RuntimeError(answer.text)
    return times


def main() -> None:
    """Runs it; ends with 1 where a page's median is beyond the target."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 417_000
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    begun = time.perf_counter()
    with region(devices) as urls:
        print(f"{devices} devices, filled in {time.perf_counter() - begun:.0f} s")
        sys.exit(0 if asyncio.run(measure(urls)) else 1)


if __name__ == "__main__":
    main()
