"""How long the console's pages take with a whole region's devices, and how soon the alarm board shows a change.

    python -m benchmarks.console_pages 417000

Fills a database of its own (benchmarks/workshop_pages.sql and console_pages.sql), signs in as each role with the scope
that it has in life, and asks in this process for every page of the route table that the role may see, and for those
with a search or a filter. Ends with 1 where a page's 95th percentile is beyond TARGET_MILLISECONDS, a change is later
on the board than BOARD_SECONDS, or a first visit is heavier than WEIGHT bytes. A downloaded file is told, not judged.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import psycopg
import structlog

from benchmarks.board_changes import changes
from benchmarks.filling import filled
from benchmarks.workshop_pages import region
from diagnostics.app import build_app
from diagnostics.console.accounts import sign_in
from diagnostics.console.app import ROUTES
from diagnostics.console.pages import SESSION_COOKIE
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits, Resources
from diagnostics.server import open_resources
from diagnostics.wear.counting import WearCount
from fleet.plumbing.database import database_pool
from fleet.plumbing.memory import settle
from fleet.plumbing.store.accounts import add_account
from fleet.plumbing.store.bootstrap import DatabaseUrls
from fleet.plumbing.store.keeping.roll_up import roll_up
from fleet.registry import load_registry

ASKED: Final = int(os.environ.get("FJARRKOLL_ASKED", "20"))
TARGET_MILLISECONDS: Final = 150.0
BOARD_SECONDS: Final = 1.0
WEIGHT: Final = 200_000
_PASSWORD: Final = "a-long-enough-password"  # noqa: S105 - of a database that is thrown away
_FILL: Final = Path(__file__).with_suffix(".sql")
# Login -> role, and whether it sees one payer only.
ACCOUNTS: Final = {
    "administrator": ("administrator", False),
    "administrator-one-payer": ("administrator", True),
    "technician": ("technician", False),
    "analyst": ("analyst", False),
    "carer-one-payer": ("carer", True),
    "clinical-one-payer": ("clinical", True),
    "prescriber-one-payer": ("prescriber_unit", True),
}
PLACES: Final = {
    "device_id": "SELECT device_id FROM device WHERE device_no = 7",
    "alarm_id": "SELECT min(alarm_id) FROM alarm",
    "case_id": "SELECT min(case_id) FROM recall_case",
    "order_id": "SELECT min(order_id) FROM work_order WHERE state = 'placed'",
    "command_id": "SELECT min(command_id::text) FROM command WHERE device_no = 7",
    "review_id": "SELECT coalesce(max(review_id), 1) FROM audit_review",
    "login": "SELECT 'technician'",
    "code": "SELECT coalesce(min(code), 'none') FROM ladder",
    "name": "SELECT 'console.css'",
    "device_class": "SELECT 'wheelchair'",
}
"""What stands in an address, and where it comes from."""
FURTHER: Final = (_FILL.parent / "console_questions.txt").read_text(encoding="utf-8").split()
"""Pages with what people ask of them."""
FILES: Final = ("/export", "/extract")
NOT_ALONE: Final = ("/stream", "/stream/{device_id}", "/letter", "/extract")
"""Addresses without an end, and those that are asked with a question only: FURTHER has them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One page as one account sees it: milliseconds, and bytes as they travel."""

    path: str
    login: str
    p50: float
    p95: float
    size: int

    @property
    def within(self) -> bool:
        """Whether it keeps the bars; a file that is downloaded has none."""
        return self.path.endswith(FILES) or (self.p95 <= TARGET_MILLISECONDS and self.size <= WEIGHT)

    def __str__(self) -> str:
        kind = "file" if self.path.endswith(FILES) else "" if self.within else "BEYOND"
        took = f"p50 {self.p50:7.1f} ms  p95 {self.p95:7.1f} ms"
        return f"{self.path:<60} {self.login:<24} {took} {self.size / 1000:7.1f} kB {kind}"


def paths(places: dict[str, object]) -> Iterator[str]:
    """Every page of the route table, then those with a question."""
    for route in ROUTES:
        path = route.path.removeprefix("/console").replace(":int", "")
        if "GET" in (route.methods or ()) and not path.endswith(NOT_ALONE) and not path.startswith(("/login", "/demo")):
            yield path.format(**places)
    yield from FURTHER


async def measure(urls: DatabaseUrls) -> bool:
    """Prints what each page takes, how soon the board shows a change and what a first visit weighs."""
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        code = connection.execute("SELECT code FROM payer WHERE payer_id = 8").fetchone()
        for login, (role, one) in ACCOUNTS.items():
            add_account(connection, login, _PASSWORD, role, care_unit="bench", payers=code if one else None)
        places = {name: (connection.execute(asked.encode()).fetchone() or [""])[0] for name, asked in PLACES.items()}
        rolled_up(connection)
    async with database_pool(urls.worker, "bench") as pool:
        await WearCount(pool).round()
    fast = Rate(burst=10**6, per_second=10**6)
    async with open_resources(urls.api, connections=4) as resources:
        resources.limits = Limits(requests=Limiter(fast), logins=Limiter(fast), refusals=Limiter(fast))
        transport, found = httpx.ASGITransport(app=build_app(resources)), list[Measured]()
        settle()
        for login in ACCOUNTS:
            cookies = await signed_in(resources, login)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://c", cookies=cookies, timeout=60
            ) as client:
                found += [entry async for entry in _pages(client, login, list(paths(places)))]
        summed(found)
        seconds = await changes(resources, urls, await signed_in(resources, "administrator"))
        print(f"change to board: p50 {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s of {len(seconds)}")
        return all(entry.within for entry in found) and max(seconds) <= BOARD_SECONDS


def rolled_up(connection: psycopg.Connection) -> None:
    """Makes hourly and daily values as `fjarrkoll keep run` does, for the charts and diagnoses that look far back."""
    connection.execute("INSERT INTO ingest_watermark (shard, at) VALUES ('bench', now())")
    begun = time.perf_counter()
    roll_up(connection, load_registry()["wheelchair"])
    print(f"rolled up in {time.perf_counter() - begun:.0f} s", flush=True)


async def signed_in(resources: Resources, login: str) -> dict[str, str]:
    """The cookies of an account."""
    return {SESSION_COOKIE: str(await sign_in(resources.pool, login, _PASSWORD))}


async def _pages(client: httpx.AsyncClient, login: str, wanted: list[str]) -> AsyncIterator[Measured]:
    for path in wanted:
        first = await client.get("/console" + path)
        if first.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            continue
        if first.status_code not in {HTTPStatus.OK, HTTPStatus.SEE_OTHER}:
            raise RuntimeError(f"{path}: {first.status_code} {first.text[:400]}")
        entry = await _page(client, login, path)
        print(entry, flush=True)
        yield entry


async def _page(client: httpx.AsyncClient, login: str, path: str) -> Measured:
    times, size = [], 0
    for _ in range(ASKED):
        begun = time.perf_counter()
        answer = await client.get("/console" + path, headers={"accept-encoding": "gzip"})
        times.append((time.perf_counter() - begun) * 1000)
        size = int(answer.headers.get("content-length", 0)) or len(answer.content)
        if times[-1] > 20 * TARGET_MILLISECONDS and len(times) >= 3:
            break  # far beyond: three are enough to tell
    return Measured(path, login, statistics.median(times), statistics.quantiles(times, n=20)[18], size)


def summed(found: list[Measured]) -> None:
    """The whole in a few lines, the slowest pages by name."""
    judged = [entry for entry in found if not entry.path.endswith(FILES)]
    beyond = [entry for entry in judged if not entry.within]
    print(f"{len(judged)} pages × accounts, {len(beyond)} beyond {TARGET_MILLISECONDS:.0f} ms or {WEIGHT // 1000} kB")
    for entry in sorted(judged, key=lambda entry: -entry.p95)[:12]:
        print(f"  slowest: {entry}")


def also(connection: psycopg.Connection, devices: int) -> None:
    """What only the console needs."""
    filled(connection, _FILL.read_text(encoding="utf-8").format(devices=devices))


def main() -> None:
    """Runs it."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 417_000
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    begun = time.perf_counter()
    with region(devices, lambda connection: also(connection, devices)) as urls:
        print(f"{devices} devices, filled in {time.perf_counter() - begun:.0f} s", flush=True)
        sys.exit(0 if asyncio.run(measure(urls)) else 1)


if __name__ == "__main__":
    main()
