"""How long the console's pages take with a whole region's devices, and how soon the alarm board shows a change.

    python -m benchmarks.console_pages 417000

Fills a database of its own (benchmarks/workshop_pages.sql and console_pages.sql), signs in as an administrator who sees
every payer and as one who sees a single payer, and asks for each page in this process. Ends with 1 where a page's 95th
percentile is beyond TARGET_MILLISECONDS, a change is later on the board than BOARD_SECONDS, or a first visit is heavier
than WEIGHT bytes.
"""

import asyncio
import statistics
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import psycopg
import structlog
import uvicorn

from benchmarks.workshop_pages import region
from diagnostics.app import build_app
from diagnostics.console.accounts import sign_in
from diagnostics.console.following import LOOK_SECONDS
from diagnostics.console.pages import SESSION_COOKIE
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits, Resources
from diagnostics.server import open_resources
from fleet.plumbing.store.accounts import add_account
from fleet.plumbing.store.bootstrap import DatabaseUrls

ASKED: Final = 30
TARGET_MILLISECONDS: Final = 150.0
BOARD_SECONDS: Final = 1.0
WEIGHT: Final = 200_000
_CHANGES: Final = 10
_PASSWORD: Final = "a-long-enough-password"  # noqa: S105 - of a database that is thrown away
_FILL: Final = Path(__file__).with_suffix(".sql")
_DEVICE: Final = "/devices/d-00000007"
PAGES: Final = {
    "start": "/",
    "alarm board": "/alarms",
    "alarm board, at risk first": "/alarms?sort=risk",
    "one alarm": "/alarms/{alarm}",
    "devices": "/devices",
    "devices of a class": "/devices?class=wheelchair",
    "devices with alarms": "/devices?state=alarm",
    "devices gone silent": "/devices?state=silent",
    "search a number": "/devices?text=00041234",
    "search part of a number": "/devices?text=4123",
    "search a model": "/devices?text=Permobil",
    "search nothing there": "/devices?text=no-such-device",
    "device": _DEVICE,
    "device, a day": f"{_DEVICE}?metric=battery.soc&hours=24",
    "device, a year": f"{_DEVICE}?metric=battery.soc&hours=8760",
    "diagnosis": f"{_DEVICE}/diagnosis",
    "commands": f"{_DEVICE}/commands",
    "readiness": f"{_DEVICE}/readiness",
    "timeline": f"{_DEVICE}/timeline",
    "incident hold": f"{_DEVICE}/hold",
    "passport": f"{_DEVICE}/passport",
    "readiness of a depot": "/readiness?depot=depa-2",
    "fault groups": "/fleet/faults",
    "versions": "/fleet/versions?model=permobil-m3",
    "data coverage": "/fleet/coverage",
    "life and wear": "/fleet/wear",
    "orders": "/orders",
    "idle list": "/idle",
    "idle list of a payer": "/idle?payer=kommun-9",
    "idle money": "/idle/money",
    "recall cases": "/recalls",
    "recall board": "/recalls/board",
    "letters": "/recalls/letters",
    "a letter": "/recalls/letter?prescriber=enhet-40",
    "pick-up list": "/recalls/pick-ups",
    "payer errors": "/payers",
    "accessibility": "/accessibility",
}
"""Every page that a person opens by a link, by name."""


async def measure(urls: DatabaseUrls) -> bool:
    """Prints what each page takes, how soon the board shows a change and what a first visit weighs."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(_FILL.read_text(encoding="utf-8").format().encode())
        codes = connection.execute("SELECT code FROM payer WHERE payer_id = 8").fetchone()
        add_account(connection, "every-payer", _PASSWORD, "administrator", care_unit="bench")
        add_account(connection, "one-payer", _PASSWORD, "administrator", care_unit="bench", payers=codes)
        alarm = connection.execute("SELECT min(alarm_id) FROM alarm").fetchone()
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
    fast = Rate(burst=10**6, per_second=10**6)
    async with open_resources(urls.api, connections=4) as resources:
        resources.limits = Limits(requests=Limiter(fast), logins=Limiter(fast), refusals=Limiter(fast))
        transport = httpx.ASGITransport(app=build_app(resources))
        within = True
        for login in ("every-payer", "one-payer"):
            cookies = {SESSION_COOKIE: str(await sign_in(resources.pool, login, _PASSWORD))}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://c", cookies=cookies, timeout=60
            ) as client:
                within = await _pages(client, login, alarm[0] if alarm else 0) and within
        return await _board(resources, urls) and within


async def _pages(client: httpx.AsyncClient, login: str, alarm: int) -> bool:
    within = True
    for name, path in PAGES.items():
        times, size = [], 0
        for _ in range(ASKED):
            begun = time.perf_counter()
            answer = await client.get("/console" + path.format(alarm=alarm), headers={"accept-encoding": "gzip"})
            times.append((time.perf_counter() - begun) * 1000)
            if answer.status_code not in {200, 303, 404}:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:400]}")
            size = int(answer.headers.get("content-length", 0)) or len(answer.content)
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
        within = within and p95 <= TARGET_MILLISECONDS and size <= WEIGHT
        mark = "" if p95 <= TARGET_MILLISECONDS and size <= WEIGHT else "  BEYOND"
        print(f"{name:<28} {login:<12} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   {size / 1000:6.1f} kB{mark}", flush=True)
    return within


async def _board(resources: Resources, urls: DatabaseUrls) -> bool:
    """From the commit of a new alarm until the stream has said so and the new list has been fetched."""
    cookies = {SESSION_COOKIE: str(await sign_in(resources.pool, "every-payer", _PASSWORD))}
    times = [await _shown(resources, cookies, urls, number) for number in range(_CHANGES)]
    print(
        f"{'change to board':<28} {'every-payer':<12} p50 {statistics.median(times):.2f} s   worst {max(times):.2f} s"
    )
    return max(times) <= BOARD_SECONDS


async def _shown(resources: Resources, cookies: dict[str, str], urls: DatabaseUrls, number: int) -> float:
    config = uvicorn.Config(build_app(resources), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies=cookies, timeout=60) as client:
        took = await _seen(client, urls, number)
    server.should_exit = True
    await serving
    return took


async def _seen(client: httpx.AsyncClient, urls: DatabaseUrls, number: int) -> float:
    """Seconds; a tenth of the looking interval apart from the last one, so that every place in it is met."""
    async with client.stream("GET", "/console/alarms/stream") as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line.startswith("data: "):
                break
        await asyncio.sleep(number * LOOK_SECONDS / _CHANGES)
        await asyncio.to_thread(_raise_one, urls, number)
        begun = time.perf_counter()
        async for line in lines:
            if line == "event: changed":
                break
    page = await client.get("/console/alarms?part=list&sort=newest")
    if f"Ny {number}" not in page.text:
        raise RuntimeError("the board was told of a change that its list does not show")
    return time.perf_counter() - begun


def _raise_one(urls: DatabaseUrls, number: int) -> None:
    with psycopg.connect(urls.owner) as connection:
        connection.execute(
            "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,"
            " happened_at) VALUES (9, %s, 'critical', true, 'technical', %s, 'New', '', '', now())",
            [f"new_{number}", f"Ny {number}"],
        )


def main() -> None:
    """Runs it."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 417_000
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    begun = time.perf_counter()
    with region(devices) as urls:
        print(f"{devices} devices, filled in {time.perf_counter() - begun:.0f} s", flush=True)
        sys.exit(0 if asyncio.run(measure(urls)) else 1)


if __name__ == "__main__":
    main()
