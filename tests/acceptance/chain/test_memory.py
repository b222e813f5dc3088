"""Ingest comes back to a queue larger than it may take in hand: it grows by what it may hold, not by what waits."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fjarrkoll.chain.checking import stored_rows
from fjarrkoll.chain.outage import WANTED_MEGABYTES, as_shipped
from fjarrkoll.chain.site import Site
from fleet.topics import Verb, topic
from ingest.consumer import Outgoing, ThinConsumer

pytestmark = pytest.mark.timeout(300)
DEVICES = 400
"""A fleet whose register weighs nothing beside what is in hand."""
SINGLE = 80_000
"""Twice the Receive Maximum."""
STORED_UP, EACH = 10_000, 60
"""An hour of readings in each message: 100 MB, five times what may be in hand."""
VALUES = {"body.weight": 80.5, "body.bmi": 24.5, "body.fat": 21.5, "battery.level": 81.5, "gateway.rssi": -50.5}
DRAIN_SECONDS = 120


async def test_single_readings_that_waited_do_not_make_ingest_grow(server_folder: Path) -> None:
    assert await growth(server_folder, SINGLE, 1) <= WANTED_MEGABYTES


async def test_stored_up_readings_that_waited_do_not_make_ingest_grow(server_folder: Path) -> None:
    assert await growth(server_folder, STORED_UP, EACH) <= WANTED_MEGABYTES


async def test_an_ingest_that_takes_in_hand_whatever_waits_grows_too_large(server_folder: Path) -> None:
    assert await growth(server_folder, STORED_UP, EACH, wrong=["--hold-everything"]) > WANTED_MEGABYTES


async def growth(folder: Path, messages: int, each: int, wrong: Sequence[str] = ()) -> float:
    """By how many megabytes ingest outgrows its usual size while it works off a queue; all of it must be stored."""
    async with Site(folder, as_shipped(DEVICES, wrong)) as site:
        async with ThinConsumer(site.gateway_settings(0)) as line:
            await publish(line, site, range(DEVICES), 1)
            await settled(site, DEVICES)
            usual = site.ingest_memory()
            await site.kill_ingest()
            await publish(line, site, range(DEVICES, DEVICES + messages), each)
        await site.start_ingest()
        await settled(site, DEVICES + messages * each)
        return (site.ingest_memory(peak=True) - usual) / 1e6


async def publish(line: ThinConsumer, site: Site, numbers: range, each: int) -> None:
    """Sends messages of so many readings, of all devices in turn, as fast as the broker takes them."""
    now = time.time_ns() // 1_000_000
    topics = [topic(device_id, Verb.TELEMETRY) for device_id in site.device_ids]
    for start in range(numbers.start, numbers.stop, 500):
        some = range(start, min(start + 500, numbers.stop))
        await line.publish(
            [Outgoing(topics[number % DEVICES], payload(now, number // DEVICES * each, each), qos=1) for number in some]
        )


def payload(now: int, seq: int, each: int) -> bytes:
    """Readings a minute apart, with the seqs that follow `seq`."""
    readings = [
        {"ts": now - 60_000 * (each - place), "boot": 1, "seq": seq + place + 1, "values": VALUES}
        for place in range(each)
    ]
    return json.dumps(readings if each > 1 else readings[0]).encode()


async def settled(site: Site, rows: int) -> None:
    """Returns once so many rows are stored."""
    ends = time.monotonic() + DRAIN_SECONDS
    while (stored := await asyncio.to_thread(stored_rows, site)) < rows:
        assert time.monotonic() < ends, f"{stored} of {rows} rows are stored"
        await asyncio.sleep(0.2)
