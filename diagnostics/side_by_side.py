"""Parts of one answer that do not need each other, read at the same time over connections of their own."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, overload

One = TypeVar("One")
Two = TypeVar("Two")


@overload
async def side_by_side(one: Coroutine[Any, Any, One], two: Coroutine[Any, Any, Two], /) -> tuple[One, Two]: ...
@overload
async def side_by_side(*parts: Coroutine[Any, Any, One]) -> tuple[One, ...]: ...
async def side_by_side(*parts: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """What each part returns, in their order; where one fails the others are ended, and its error is raised as it is.

    Each part takes one connection at a time and waits for no other part while it has it, so that however many answers
    are put together at once, none holds what another needs.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
