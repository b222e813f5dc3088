"""How long a region's verdicts take through a real database: all of them, a day's change, and the pages that show them.

    python -m benchmarks.idle_runs 417000

Fills a PostgreSQL of its own with so many devices and a made-up year of days (`benchmarks/idle/region.py`), the newest
day only as ingest keeps it (`usage_day`), and times `diagnostics/idle/run.py`. Ends with code 1 where one is too slow.
"""

import asyncio
import json
import os
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
from diagnostics.idle.rounds import THRIFTY
from diagnostics.idle.run import Ran, refresh
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.server import open_resources
from diagnostics.wear.counting import WearCount
from fjarrkoll.services import REGION, Postgres, install
from fleet.plumbing.database import database_pool
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import create_token
from fleet.registry import load_registry

FULL_SECONDS: Final = 30.0
DAY_SECONDS: Final = 2.0
PAGE_MILLISECONDS: Final = 100.0
_ASKED: Final = 40
_ARRIVES: Final = (
    ("five_minutes_of_a_day", 0.0, 1 / 288),
    ("five_minutes_of_its_busiest_hour", 1 / 288, 1 / 288 + 1 / 24),
    ("the_rest_of_the_day_at_once", 1 / 288 + 1 / 24, 1.0),
)
"""How the fleet's new day comes in: a run every five minutes meets a 288th, twelve times that at its busiest. The rest
at once is what a run meets when ingest was away for a day."""
_OF_A_DAY: Final = ("a_new_day_begins", *(name for name, *_ in _ARRIVES))
_ALL_AFTER: Final = "everything_after_that_day"
"""Judges everyone at last: whoever was left out by the runs before must have the same verdict: nothing is written."""
_PROPOSE: Final = {"why": "benchmark", "limit": 1000}
_PAGES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "first page": ("idle", {"limit": 50}),
    "proposals": ("idle", {"limit": 50, "step": "propose"}),
    "used": ("idle", {"limit": 50, "verdict": "used"}),
    "silent": ("idle", {"limit": 50, "verdict": "silent"}),
    "of a payer": ("idle", {"limit": 50, "payer": "kommun-01"}),
    "of a class": ("idle", {"limit": 50, "class": "apap"}),
    "opinions": ("idle", {"limit": 50, "opinion": "disagrees"}),
    **{
        f"money by {by}": ("idle/money", {"by": by}) for by in ("payer", "municipality", "class", "prescriber", "depot")
    },
    "cases": ("recalls", {"limit": 50}),
    "open cases": ("recalls", {"limit": 50, "open": "true"}),
    "figures of cases": ("recalls/summary", {}),
    "life and wear": ("wear", {}),
}


@contextmanager
def region(devices: int, seed: int) -> Iterator[tuple[DatabaseUrls, Filled]]:
    """A database with so many devices and their days."""
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-verdicts-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(install(), folder / "database", settings=REGION) as server:
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
        _tended(filled)
        told["everything_again"] = _run(connection, now + timedelta(minutes=1), every=True)
        told["nothing_new"] = _run(connection, now + timedelta(minutes=6))
        tomorrow = now + timedelta(days=1)
        told["a_new_day_begins"] = _run(connection, tomorrow)
        for minutes, (name, start, end) in enumerate(_ARRIVES, 1):
            came = next_day(filled, start, end)
            told[name] = {"devices_with_a_new_day": came, **_run(connection, tomorrow + timedelta(minutes=5 * minutes))}
        told[_ALL_AFTER] = _run(connection, tomorrow + timedelta(hours=1), every=True)
    told["pages"] = asyncio.run(_pages(urls))
    return told


def _tended(filled: Filled) -> None:
    """What autovacuum does within minutes of so many new rows, and a benchmark does not wait for."""
    with psycopg.connect(filled.url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) idle_verdict, idle_figure, verdict_block")


def _run(connection: psycopg.Connection, now: datetime, *, learn: bool = False, every: bool = False) -> dict[str, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    ran: Ran = refresh(connection, load_registry(), now, learn=learn, every=every)
    connection.commit()
    return {
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "own_cpu_seconds": round(time.process_time() - cpu, 2),
        "seconds": ran.seconds,
        "days": ran.days,
        "judged": ran.judged,
        "written": ran.written,
        "learnt": ran.learnt,
    }


async def _pages(urls: DatabaseUrls) -> dict[str, dict[str, float]]:
    """Of whoever sees every payer, and of a payer's own analyst."""
    async with database_pool(urls.worker, "fjarrkoll-worker", largest=1) as pool:
        await WearCount(pool).round()  # as the worker keeps it
    with psycopg.connect(urls.owner) as connection:
        every = create_token(connection, "benchmark", "analyst")
        own = create_token(connection, "benchmark-payer", "analyst", payers=[1])
    told = {}
    async with open_resources(urls.api) as resources:
        resources.limits = Limits(requests=Limiter(Rate(burst=10_000, per_second=10_000)))
        app = httpx.ASGITransport(app=build_app(resources))
        async with _api(app, every) as api:
            (await api.post("/api/v1/recalls", json=_PROPOSE)).raise_for_status()
            for name, (path, query) in _PAGES.items():
                told[name] = await _page(api, path, query)
            told["page 40"] = await _page(api, "idle", {"limit": 50, "cursor": await _cursor(api, 40)})
        async with _api(app, own) as api:
            for name, (path, query) in _PAGES.items():
                if path != "wear":  # of the whole fleet only
                    told[f"{name}, of one payer's analyst"] = await _page(api, path, query)
    return told


def _api(app: httpx.ASGITransport, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=app, base_url="http://api", headers=headers, timeout=120)


async def _page(api: httpx.AsyncClient, path: str, query: dict[str, Any]) -> dict[str, float]:
    took, cpu = [], time.process_time()
    for _ in range(_ASKED):
        began = time.perf_counter()
        (await api.get(f"/api/v1/{path}", params=query)).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return {
        "p50_ms": round(statistics.median(took), 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
        "max_ms": round(max(took), 1),
        "own_cpu_ms": round((time.process_time() - cpu) * 1000 / _ASKED, 1),
    }


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
    limits = {"everything_again": FULL_SECONDS, **dict.fromkeys(_OF_A_DAY, DAY_SECONDS)}
    seconds = {name: told[name]["wall_seconds"] for name in limits}
    slow = [f"{name}: {took} s of {limits[name]:.0f} s" for name, took in seconds.items() if took > limits[name]]
    pages = {name: page["p95_ms"] for name, page in told["pages"].items()}
    limit = PAGE_MILLISECONDS
    astray = told[_ALL_AFTER]["written"]
    wrong = [f"{astray} verdicts that runs over what is new had left as they were are others"] if astray else []
    return slow + wrong + [f"page {name}: {took} ms of {limit:.0f} ms" for name, took in pages.items() if took > limit]


if __name__ == "__main__":
    if not THRIFTY.items() <= os.environ.items():  # read when numpy is loaded: begin again with it
        os.execve(  # noqa: S606 - itself
            sys.executable, [sys.executable, "-m", "benchmarks.idle_runs", *sys.argv[1:]], {**os.environ, **THRIFTY}
        )
    with region(int(sys.argv[1]) if len(sys.argv) > 1 else 417_000, seed=5) as (made, what):
        outcome = measure(made, what)
    print(json.dumps({**outcome, "missed": missed(outcome)}, indent=2))
    sys.exit(1 if missed(outcome) else 0)
