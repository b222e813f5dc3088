"""Two processes of one shard: the second stands by, takes over under the same name, and nothing is lost or doubled."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from fjarrkoll.chain.campaign import concluded, flowing
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.site import Site, SiteSettings, scraped

pytestmark = pytest.mark.timeout(300)
AWAY_SECONDS = 5.0


async def standing_by(site: Site, port: int) -> None:
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(scraped, port)).get("standing_by") != 1.0:
            site.ingest.check()
            await asyncio.sleep(0.1)


async def test_a_standby_takes_over_a_killed_one_and_it_stands_by_when_it_is_back(server_folder: Path) -> None:
    async with Site(server_folder, SiteSettings()) as site, Field(site, server_folder / "ledger") as field:
        began = time.monotonic()
        killed = site.ingest
        site.standby()
        await standing_by(site, site.standby_port)
        async with field.producing_meanwhile(200):
            await flowing(site)
            await site.kill_ingest()
            at = time.monotonic()
            await site.handed_over()
            took = time.monotonic() - at
            await flowing(site)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(killed.start)
            await standing_by(site, site.standby_port)
            await flowing(site)
            site.ingest.check()
        report = await concluded("take-over", site, field, {"took_over_after_seconds": took}, (), began)
        assert report.problems == [], report.as_json().decode()
        assert report.state.exact
        assert took < 15
        await asyncio.to_thread(killed.stop)


async def test_one_that_was_stopped_loses_its_turn_and_ends_when_it_wakes(server_folder: Path) -> None:
    async with Site(server_folder, SiteSettings()) as site, Field(site, server_folder / "ledger") as field:
        began = time.monotonic()
        stopped = site.ingest
        site.standby()
        await standing_by(site, site.standby_port)
        async with field.producing_meanwhile(150):
            await flowing(site)
            site.signal_ingest(signal.SIGSTOP)
            at = time.monotonic()
            try:
                await site.handed_over()
                await flowing(site)
                took = time.monotonic() - at
            finally:
                os.kill(stopped.pid, signal.SIGCONT)
            woke = time.monotonic()
            async with asyncio.timeout(30):
                while "another process has taken over" not in stopped.log_path.read_text(encoding="utf-8"):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            await flowing(site)
            disturbed = time.monotonic() - woke
        report = await concluded("stopped", site, field, {"flowed_again_after_seconds": took}, (), began)
        assert report.problems == [], report.as_json().decode()
        assert report.state.exact
        assert took < 10
        assert disturbed < 10, "the one that woke threw out the one that serves"
