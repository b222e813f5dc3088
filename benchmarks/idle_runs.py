"""How long a region's verdicts take through a real database: all of them, a day's change, and the pages that show them.

    python -m benchmarks.idle_runs 417000

Fills a PostgreSQL of its own with so many devices and a made-up year of days (`benchmarks/idle/region.py`), the newest
day only as ingest keeps it (`usage_day`), and times `diagnostics/idle/run.py`. Ends with code 1 where one is too slow.
"""

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from benchmarks.idle.database import Filled, fill, next_day
from diagnostics.app import build_app
from diagnostics.idle.run import Ran, refresh
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.server import open_resources
from fjarrkoll.services import Postgres, install
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import create_token
from fleet.registry import load_registry

FULL_SECONDS: Final = 30.0
DAY_SECONDS: Final = 2.0
PAGE_MILLISECONDS: Final = 100.0
_ASKED: Final = 20
_PAGES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "first page": ("idle", {"limit": 50}),
    "proposals": ("idle", {"limit": 50, "step": "propose"}),
    "used": ("idle", {"limit": 50, "verdict": "used"}),
    "silent": ("idle", {"limit": 50, "verdict": "silent"}),
    "of a payer": ("idle", {"limit": 50, "payer": "kommun-01"}),
    "of a class": ("idle", {"limit": 50, "class": "apap"}),
    "opinions": ("idle", {"limit": 50, "opinion": "disagrees"}),
    "money": ("idle/money", {"by": "payer"}),
}


@contextmanager
def region(devices: int, seed: int) -> Iterator[tuple[DatabaseUrls, Filled]]:
    """A database with so many devices and their days."""
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-verdicts-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(install(), folder / "database") as server:
            urls = bootstrap(server.superuser_dsn(), "fjarrkoll", Passwords.generate())
            migrate(urls.owner, load_registry())
            yield urls, fill(server.superuser_dsn("fjarrkoll"), devices, seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(urls: DatabaseUrls, filled: Filled) -> dict[str, Any]:
    """Times the first run, a run over everything, a day's change, and the pages."""
    now = datetime.combine(filled.today, datetime.min.time(), UTC) + timedelta(hours=21)
    told: dict[str, Any] = {"devices": filled.devices}
    with psycopg.connect(urls.worker) as connection:
        told["first_run"] = _run(connection, now, learn=True)
        told["everything_again"] = _run(connection, now + timedelta(minutes=1))
        next_day(filled)
        told["a_day_s_change"] = _run(connection, now + timedelta(days=1))
        told["the_same_day_again"] = _run(connection, now + timedelta(days=1, minutes=1))
    told["pages"] = asyncio.run(_pages(urls))
    return told


def _run(connection: psycopg.Connection, now: datetime, *, learn: bool = False) -> dict[str, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    ran: Ran = refresh(connection, load_registry(), now, learn=learn)
    connection.commit()
    return {
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "own_cpu_seconds": round(time.process_time() - cpu, 2),
        "seconds": ran.seconds,
        "days": ran.days,
        "written": ran.written,
        "learnt": ran.learnt,
    }


async def _pages(urls: DatabaseUrls) -> dict[str, dict[str, float]]:
    with psycopg.connect(urls.owner) as connection:
        token = create_token(connection, "benchmark", "analyst")
    told = {}
    async with open_resources(urls.api) as resources:
        resources.limits = Limits(requests=Limiter(Rate(burst=10_000, per_second=10_000)))
        transport = httpx.ASGITransport(app=build_app(resources))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers, timeout=120) as api:
            for name, (path, query) in _PAGES.items():
                told[name] = await _page(api, path, query)
            told["page 40"] = await _page(api, "idle", {"limit": 50, "cursor": await _cursor(api, 40)})
    return told


async def _page(api: httpx.AsyncClient, path: str, query: dict[str, Any]) -> dict[str, float]:
    took = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        (await api.get(f"/api/v1/{path}", params=query)).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return {"p50_ms": round(statistics.median(took), 1), "max_ms": round(max(took), 1)}


async def _cursor(api: httpx.AsyncClient, pages: int) -> str:
    cursor = None
    for _ in range(pages):
        query = {"limit": 50} | ({} if cursor is None else {"cursor": cursor})
        answer = (await api.get("/api/v1/idle", params=query)).raise_for_status().json()
        if answer["next_cursor"] is None:
            break
        cursor = answer["next_cursor"]
    return cursor or ""


def missed(told: dict[str, Any]) -> list[str]:
    """Which targets were missed."""
    targets = {
        f"everything again took more than {FULL_SECONDS:.0f} s": told["everything_again"]["wall_seconds"]
        <= FULL_SECONDS,
        f"a day's change took more than {DAY_SECONDS:.0f} s": told["a_day_s_change"]["wall_seconds"] <= DAY_SECONDS,
        f"a page took more than {PAGE_MILLISECONDS:.0f} ms": all(
            page["p50_ms"] <= PAGE_MILLISECONDS for page in told["pages"].values()
        ),
    }
    return [words for words, well in targets.items() if not well]


if __name__ == "__main__":
    with region(int(sys.argv[1]) if len(sys.argv) > 1 else 417_000, seed=5) as (made, what):
        outcome = measure(made, what)
    print(json.dumps({**outcome, "missed": missed(outcome)}, indent=2))
    sys.exit(1 if missed(outcome) else 0)
