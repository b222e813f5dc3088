"""The row of each minute: what ingest did, added up over restarts and taken off nothing twice."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest import service
from ingest.consumer import ConsumerStatistics
from ingest.feed import furthest
from ingest.figures import Figures
from ingest.write.side import Side
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Site, publish, reading, running

COUNT = "SELECT count(*) FROM reading_scale"
NOON = datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC)
SUMS = """
    SELECT sum(messages) >= 5, sum(stored)::int, sum(duplicates)::int, sum(outbox_reports)::int, max(outbox_most)::int,
           sum((quarantined ->> 'not_json')::int)::int
      FROM ingest_minute WHERE shard = %s
"""


def figures(started: int = 1, **changes: Any) -> dict[str, object]:
    made = Figures(started=started, **changes)
    return made.as_json(ConsumerStatistics())


async def say(site: Site, said: dict[str, object], *, at: datetime | None = NOON, now: datetime = NOON) -> None:
    side = Side(site.ingest_url, "test")
    try:
        await side.write_watermark("probe", at, now, said, 0)
    finally:
        await side.close()


async def test_a_minute_holds_what_was_stored_suppressed_and_refused_and_goes_on_after_a_restart(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    first = [reading(seq, {"body.weight": 80}) for seq in (1, 2)]
    asking = json.loads(json.dumps(reading(3, {"body.weight": 80}))) | {"outbox_from": 1}
    async with running(site.service()):
        await publish(site, device.device_id, [*first, first[0], asking, b"{"])
        await site.until(COUNT, equals=3)
        await site.until("SELECT count(*) FROM quarantine", equals=1)
    assert site.ask(SUMS, site.shard) == [(True, 3, 1, 1, 3, 1)]
    async with running(site.service()):
        await publish(site, device.device_id, [reading(4, {"body.weight": 80})])
        await site.until(COUNT, equals=4)
    assert site.ask(SUMS, site.shard) == [(True, 4, 1, 1, 3, 1)]


async def test_what_happened_before_it_is_known_how_far_ingest_has_come_is_told_afterwards(
    site: Site, add_device: AddDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, known = add_device("scale", PLAIN_SCALE), asyncio.Event()
    monkeypatch.setattr(service, "furthest", lambda feeds: furthest(feeds) if known.is_set() else None)
    unwritten, write = asyncio.Event(), Side.write_watermark

    async def noting(self: Side, *said: Any) -> bool:
        written, most = await write(self, *said), said[-1]
        if most == 1 and not written:
            unwritten.set()
        return written

    monkeypatch.setattr(Side, "write_watermark", noting)
    async with running(site.service()):
        await publish(site, device.device_id, [reading(1, {"body.weight": 80}) | {"outbox_from": 1}])
        await asyncio.wait_for(unwritten.wait(), 10)
        assert site.one("SELECT count(*) FROM ingest_minute WHERE shard = %s", site.shard) == 0
        known.set()
    assert site.one("SELECT max(outbox_most)::int FROM ingest_minute WHERE shard = %s", site.shard) == 1


async def test_the_minute_tells_how_late_even_before_a_new_process_knows(site: Site) -> None:
    await say(site, figures(messages=10))
    await say(site, figures(2), at=None, now=NOON + timedelta(minutes=5))
    assert site.ask("SELECT lag_seconds, messages::int FROM ingest_minute ORDER BY minute") == [(0, 10), (300, 0)]
    assert site.one("SELECT at FROM ingest_watermark") == NOON


async def test_figures_are_of_one_process_and_of_the_broker_that_counted(site: Site) -> None:
    await say(site, figures(broker_dropped=5))
    await say(site, figures(broker_dropped=5))
    assert site.one("SELECT broker_dropped FROM ingest_minute") == 5
    await say(site, figures(2, messages=4, broker_dropped=7))
    assert site.one("SELECT broker_dropped FROM ingest_minute") == 7, "the broker's count outlives ours"
    await say(site, figures(2, messages=6, broker_dropped=2))
    assert site.ask("SELECT broker_dropped, messages::int FROM ingest_minute") == [(9, 6)], "of a new broker"
    await say(site, figures(3, messages=1))
    assert site.ask("SELECT broker_dropped, messages::int FROM ingest_minute") == [(9, 7)]


async def test_reasons_and_waits_are_added_up_within_a_minute(site: Site) -> None:
    told = Figures(started=1)
    for more in (1, 2):
        told.quarantined.update({"not_json": more, "too_large": 1})
        told.held.update({"database_away": more})
        await say(site, told.as_json(ConsumerStatistics()))
    assert site.ask("SELECT quarantined, held::int FROM ingest_minute") == [({"not_json": 3, "too_large": 2}, 3)]


async def test_a_shard_of_which_nothing_is_known_yet_leaves_no_row(site: Site) -> None:
    await say(site, figures(), at=None)
    assert site.one("SELECT count(*) FROM ingest_minute") == 0
    assert site.one("SELECT count(*) FROM ingest_watermark") == 0
