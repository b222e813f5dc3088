"""All devices of a run and the lines they share: produces readings at a pace, and knows what is not yet confirmed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from device_sim.ledger import Ledger
from fjarrkoll.chain.device import ChainDevice
from fjarrkoll.chain.gateway import Gateway
from fjarrkoll.chain.site import Site

_TICK_SECONDS: Final = 0.02
_GATEWAYS: Final = 2
_ASK_AFTER_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1
_TURN_SECONDS: Final = 0.5


class Field:
    """The devices of a site.

    Args:
        site: running.
        ledger: the file in which every message produced is written down before it is sent.
        trusts_broker: the negative control: no outbox.

    Attributes:
        produced: messages so far.
    """

    def __init__(self, site: Site, ledger: Path, *, trusts_broker: bool = False) -> None:
        self._ledger = Ledger(ledger)
        self.ledger_path = ledger
        self.produced = 0
        self.devices = [
            ChainDevice.made(device_id, site.registry, self._ledger, trusts_broker=trusts_broker)
            for device_id in site.device_ids
        ]
        self.gateways = [
            Gateway(site.gateway_settings(number), self.devices[number::_GATEWAYS]) for number in range(_GATEWAYS)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Connects."""
        self._ledger.__enter__()
        self._tasks = [asyncio.create_task(gateway.run()) for gateway in self.gateways]
        async with asyncio.timeout(30):
            for gateway in self.gateways:
                await gateway.connected.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ledger.__exit__(kind, error, trace)

    @property
    def unconfirmed(self) -> int:
        """Messages that a device still keeps."""
        return sum(gateway.unconfirmed for gateway in self.gateways)

    @property
    def confirmed(self) -> int:
        """Messages that their devices have forgotten because they are safe."""
        return self.produced - self.unconfirmed

    @property
    def resent(self) -> int:
        """Messages that left a device again."""
        return sum(device.resent for device in self.devices)

    async def produce(self, messages: int, rate: float) -> None:
        """Produces so many messages, all devices in turn, at so many a second."""
        began, done = time.monotonic(), 0
        while done < messages:
            self.check()
            due = min(messages, int((time.monotonic() - began) * rate) + 1)
            now = time.time_ns() // 1_000_000
            for _ in range(due - done):
                self.devices[self.produced % len(self.devices)].measure(now)
                self.produced += 1
            done = due
            self._ledger.flush()
            await asyncio.sleep(_TICK_SECONDS)

    async def drained(self, seconds: float) -> int:
        """Waits until nothing is unconfirmed, asking again where nothing moves; returns what is left at the end."""
        ends, moved_at, before = time.monotonic() + seconds, time.monotonic(), self.unconfirmed
        while (unconfirmed := self.unconfirmed) and time.monotonic() < ends:
            self.check()
            if unconfirmed < before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > _ASK_AFTER_SECONDS:
                moved_at = time.monotonic()
                for device in self.devices:
                    device.ask_again()
            before = unconfirmed
            await asyncio.sleep(_LOOK_SECONDS)
        return self.unconfirmed

    @contextlib.asynccontextmanager
    async def producing(self, messages: int, rate: float) -> AsyncIterator[None]:
        """Produces beside the block, and to the end of it."""
        task = asyncio.create_task(self.produce(messages, rate))
        try:
            yield
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def producing_meanwhile(self, rate: float) -> AsyncIterator[None]:
        """Produces beside the block, for as long as it takes and no longer."""
        over = asyncio.Event()
        task = asyncio.create_task(self._produce_until(over, rate))
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(task, return_exceptions=True)
        task.result()

    async def _produce_until(self, over: asyncio.Event, rate: float) -> None:
        while not over.is_set():
            await self.produce(max(1, int(rate * _TURN_SECONDS)), rate)

    def check(self) -> None:
        """Raises what ended a gateway by itself: a fault of this program, never of the line."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
