"""Parts of an answer read at the same time: in their order, none left running, the first error as it is."""

import asyncio

import pytest

from diagnostics.side_by_side import side_by_side


async def test_parts_run_at_the_same_time_and_answer_in_their_order() -> None:
    here, there = asyncio.Event(), asyncio.Event()

    async def one() -> str:
        here.set()
        await there.wait()
        return "one"

    async def two() -> int:
        await here.wait()
        there.set()
        return 2

    async with asyncio.timeout(5):
        assert await side_by_side(one(), two()) == ("one", 2)


async def test_an_error_is_raised_as_it_is_and_the_other_parts_are_ended() -> None:
    ended = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("no such device")

    async with asyncio.timeout(5):
        with pytest.raises(LookupError, match="no such device"):
            await side_by_side(waits(), fails())
    assert ended.is_set()
