"""Sessions side by side: how far they have come together, and how one that fails ends the other."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from ingest.consumer import ConsumerStatistics
from ingest.feed import Feed, beside, furthest, summed, together

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


@dataclass
class Marked:
    """As much of a feed as says how far it has come."""

    stored_until: datetime | None


def come(*moments: datetime | None) -> datetime | None:
    return furthest([cast("Feed", Marked(moment)) for moment in moments])


def test_together_they_have_come_as_far_as_the_one_behind() -> None:
    assert come(NOW, NOW - timedelta(seconds=30)) == NOW - timedelta(seconds=30)
    assert come(NOW) == NOW


def test_while_one_is_not_known_nothing_is() -> None:
    assert come(NOW, None) is None
    assert come(None) is None


def test_lines_are_counted_together() -> None:
    one, other = ConsumerStatistics(received=3, acknowledged=1), ConsumerStatistics(received=4)
    assert summed(one, other) == ConsumerStatistics(received=7, acknowledged=1)


async def until_stopped(stop: asyncio.Event, ended: list[str]) -> None:
    await stop.wait()
    await asyncio.sleep(0)  # finishes what it has in hand
    ended.append("tidily")


async def fails() -> None:
    await asyncio.sleep(0)
    raise RuntimeError("the quarantine cannot be written")


async def test_one_that_fails_lets_the_other_finish_and_is_told() -> None:
    stop, ended = asyncio.Event(), list[str]()
    with pytest.raises(RuntimeError, match="quarantine"):
        await together([until_stopped(stop, ended), fails()], stop)
    assert ended == ["tidily"]


async def test_both_end_when_told_to_stop() -> None:
    stop, ended = asyncio.Event(), list[str]()
    asyncio.get_running_loop().call_soon(stop.set)
    await together([until_stopped(stop, ended), until_stopped(stop, ended)], stop)
    assert ended == ["tidily"] * 2


async def test_who_gives_up_on_them_leaves_none_behind() -> None:
    never = asyncio.Event()
    running = asyncio.create_task(together([until_stopped(never, []), until_stopped(never, [])], asyncio.Event()))
    await asyncio.sleep(0)
    before = len(asyncio.all_tasks())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert len(asyncio.all_tasks()) == before - 3


async def test_what_fails_beside_the_work_stops_it_and_is_told() -> None:
    stop = asyncio.Event()
    with pytest.raises(RuntimeError, match="quarantine"):
        async with beside(fails(), stop):
            await stop.wait()
