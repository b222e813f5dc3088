"""How soon the alarm board shows a change: from the commit of a new alarm until the page behind the stream has it."""

import asyncio
import time
from typing import Final

import httpx
import psycopg
import uvicorn

from diagnostics.app import build_app
from diagnostics.console.following import LOOK_SECONDS
from diagnostics.resources import Resources
from fleet.plumbing.store.bootstrap import DatabaseUrls

CHANGES: Final = 10


async def changes(resources: Resources, urls: DatabaseUrls, cookies: dict[str, str]) -> list[float]:
    """Seconds of each of CHANGES changes."""
    return [await _shown(resources, cookies, urls, number) for number in range(CHANGES)]


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
        await asyncio.sleep(number * LOOK_SECONDS / CHANGES)
        await asyncio.to_thread(_raise_one, urls, number)
        begun = time.perf_counter()
        async for line in lines:
            if line == "event: changed":
                break
    page = (await client.get("/console/alarms?part=list&sort=newest")).raise_for_status()
    if f"Ny {number}" not in page.text:
        raise RuntimeError("the board was told of a change that its list does not show")
    return time.perf_counter() - begun


def _raise_one(urls: DatabaseUrls, number: int) -> None:
    with psycopg.connect(urls.owner) as connection:
        connection.execute(
            "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,"
            " happened_at) VALUES (9, %s, 'critical', true, 'technical', %s, 'New', 'Nyss', 'Just now', now())",
            [f"new_{number}", f"Ny {number}"],
        )
