"""Lanes: what is under way to each receiver, so that a crash repeats one message and a slow receiver holds up nobody.

Whoever is killed between sending and recording leaves every message under way in doubt, and each is sent again. So a
receiver that answers in time has one message under way. One that does not answer for a second gets the next beside:
late is worse than twice.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

SLOW_SECONDS: Final = 1.0
"""A receiver that has not answered for so long is slow: the next message does not wait for it."""
MOST: Final = 64
"""Messages under way in one channel."""
INSTALLATION: Final = 0
"""The lane of messages without a recipient, which go to the installation's own receiver."""


@dataclass(slots=True)
class Lanes:
    """Messages of one channel that are under way; ends with `drain`, or with `abandon` where something went wrong."""

    _tasks: dict[asyncio.Task[None], tuple[int, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def begin(self, lane: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Sets a message on its way."""
        task = asyncio.create_task(work)
        self._tasks[task] = (lane, time.monotonic())
        return task

    def closed(self) -> list[int]:
        """Lanes in which the next message waits for the one before it."""
        now, oldest = time.monotonic(), dict[int, float]()
        for lane, began in self._tasks.values():
            oldest[lane] = min(began, oldest.get(lane, began))
        return sorted(lane for lane, began in oldest.items() if now - began < SLOW_SECONDS)

    async def look(self, seconds: float) -> None:
        """Waits until one has ended, at most so long, and forgets those that have.

        Raises:
            Exception: what one of them raised.
        """
        if not self._tasks:
            return
        done, _ = await asyncio.wait(self._tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self._tasks[task]
        for task in done:
            task.result()

    async def drain(self) -> None:
        """Waits for all of them."""
        while self._tasks:
            await self.look(SLOW_SECONDS)

    async def abandon(self) -> None:
        """Cancels what is under way: it is sent again when its lease is over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
