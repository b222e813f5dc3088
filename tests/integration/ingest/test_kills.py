"""SIGKILL of the whole ingest process in the middle of its work: nothing lost, nothing twice; controls that bite."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, Mosquitto
from fleet.topics import mark_topic, upward_filters
from ingest.service import DROPPED_TOPIC
from tests.fixtures.database import Database, MakeDevice
from tests.integration.ingest.support import PLAIN_SCALE, Site, publish, reading

ROOT = Path(__file__).parents[3]
MESSAGES = 3000
SPEAKERS = 4
KILLS = 10
KILLS_OF_A_CONTROL = 5
BATCH = 40
SHARE_FROM = 10  # nearly every batch goes over two lanes, so that kills fall between their commits too
COUNT = "SELECT count(*) FROM reading_scale"


@pytest.fixture
def own_site(
    binaries: Binaries, server_folder: Path, database: Database, make_device: MakeDevice
) -> Iterator[tuple[Site, list[str]]]:
    """A broker that nobody else uses, and devices that speak at the same time."""
    speakers = [make_device("scale", PLAIN_SCALE).device_id for _ in range(SPEAKERS)]
    passwords = {"ingest": "secret of ingest"} | dict.fromkeys(speakers, "secret of device")
    with Mosquitto(binaries, server_folder, passwords) as broker:
        yield Site(broker, passwords, database.ingest, database.superuser, "ingest-killed"), speakers


@dataclass
class Victims:
    """Ingest processes, one after the other, and what they counted."""

    site: Site
    folder: Path
    when: str = "after-commit"
    kills: int = 0
    figures: list[Path] = field(default_factory=list)

    async def start(self) -> asyncio.subprocess.Process:
        figures = self.folder / f"{len(self.figures)}.json"
        self.figures.append(figures)
        environment = {
            **os.environ,
            "FJARRKOLL_INGEST_DATABASE_URL": self.site.ingest_url,
            "FJARRKOLL_INGEST_SHARD": self.site.shard,
            "FJARRKOLL_INGEST_BATCH": str(BATCH),
            "FJARRKOLL_INGEST_LINGER_SECONDS": "0.005",
            "FJARRKOLL_INGEST_SHARE_FROM": str(SHARE_FROM),
            "FJARRKOLL_MQTT_HOST": self.site.broker.host,
            "FJARRKOLL_MQTT_PORT": str(self.site.broker.port),
            "FJARRKOLL_MQTT_USERNAME": "ingest",
            "FJARRKOLL_MQTT_PASSWORD": self.site.passwords["ingest"],
        }
        command = [sys.executable, "-m", "tests.integration.ingest.victim", self.when, str(figures)]
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)

    async def kill_in_the_middle(self, lot: random.Random, count: str = COUNT, further: int = BATCH) -> None:
        """Lets one work for a while, and kills it at a moment nobody chose."""
        before = self.site.one(count)
        victim = await self.start()
        async with asyncio.timeout(30):
            while self.site.one(count) < before + further:
                assert victim.returncode is None
                await asyncio.sleep(0.002)
        await asyncio.sleep(lot.uniform(0, 0.03))
        victim.send_signal(signal.SIGKILL)
        self.kills += await victim.wait() == -signal.SIGKILL

    async def finish(self) -> None:
        """Lets the last one work until nothing is left at the broker, and end in an orderly way."""
        last = await self.start()
        until_quiet = 0
        before = -1
        async with asyncio.timeout(60):
            while until_quiet < 8:
                await asyncio.sleep(0.25)
                now = self.site.one(COUNT)
                at_work = self.figures[-1].exists() and json.loads(self.figures[-1].read_text())["received"]
                until_quiet = until_quiet + 1 if now == before and at_work else 0
                before = now
        last.send_signal(signal.SIGTERM)
        assert await last.wait() == 0

    def total(self, name: str) -> int:
        """A figure, added up over all of them as far as they came to write it down."""
        return sum(int(json.loads(path.read_text())[name]) for path in self.figures if path.exists())


async def run(site: Site, speakers: list[str], folder: Path, when: str, kills: int) -> Victims:
    async with site.consumer() as first:  # makes the session that is to keep everything
        await first.subscribe([*upward_filters(), mark_topic(site.shard), DROPPED_TOPIC])
    said = [reading(seq, {"body.weight": 80}) for seq in range(1, MESSAGES // SPEAKERS + 1)]
    await asyncio.gather(*(publish(site, device_id, said) for device_id in speakers))
    victims, lot = Victims(site, folder, when), random.Random(7)
    for _ in range(kills):
        await victims.kill_in_the_middle(lot)
    await victims.finish()
    assert victims.kills == kills
    return victims


def lost_and_doubled(site: Site) -> tuple[int, int]:
    distinct = site.one("SELECT count(DISTINCT (device_no, boot, seq)) FROM reading_scale")
    return MESSAGES - distinct, site.one(COUNT) - distinct


@pytest.mark.timeout(180)
async def test_nothing_is_lost_and_nothing_doubled(own_site: tuple[Site, list[str]], tmp_path: Path) -> None:
    site, speakers = own_site
    victims = await run(site, speakers, tmp_path, "after-commit", KILLS)
    assert lost_and_doubled(site) == (0, 0)
    assert victims.total("redelivered") > 0, "no kill hit messages in hand: the test proves nothing"
    assert victims.total("duplicates") > 0, "no kill fell between commit and acknowledgement: the test proves nothing"
    assert site.one("SELECT sum(amount) FROM usage_day") == MESSAGES


@pytest.mark.timeout(180)
async def test_acknowledging_on_receipt_loses(own_site: tuple[Site, list[str]], tmp_path: Path) -> None:
    """Negative control: the same kills, but messages are acknowledged before they are stored."""
    site, speakers = own_site
    await run(site, speakers, tmp_path, "on-receipt", KILLS_OF_A_CONTROL)
    lost, doubled = lost_and_doubled(site)
    assert lost > 0
    assert doubled == 0


@pytest.mark.timeout(180)
async def test_without_idempotency_messages_are_doubled(own_site: tuple[Site, list[str]], tmp_path: Path) -> None:
    """Negative control: the same kills and statements, but the table has no key and nobody asks what it holds."""
    site, speakers = own_site
    site.command("ALTER TABLE reading_scale DROP CONSTRAINT reading_scale_pkey")
    await run(site, speakers, tmp_path, "never-looks", KILLS_OF_A_CONTROL)
    lost, doubled = lost_and_doubled(site)
    assert lost == 0
    assert doubled > 0
