"""A line to the broker that several devices share; identity, outbox and receipts stay each device's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from device_sim.outbox import Entry
from fjarrkoll.chain.device import ChainDevice
from fleet.topics import Verb, parts
from ingest.consumer import ConsumerError, ConsumerSettings, Outgoing, ThinConsumer

_AT_ONCE: Final = 200
_PAUSE_SECONDS: Final = 0.01
_REMIND_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 0.2
_RECEIPTS_AT_ONCE: Final = 500


@dataclass(slots=True, eq=False)
class Gateway:
    """Keeps one line until cancelled.

    Args:
        settings: its account at the broker.
        devices: whose messages it carries.

    Attributes:
        connected: set while the line stands.
        lines: how many times it was made.
    """

    settings: ConsumerSettings
    devices: Sequence[ChainDevice]
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    lines: int = 0
    _in_hand: list[tuple[ChainDevice, Entry, bytes]] = field(default_factory=list)

    async def run(self) -> None:
        """Connects, serves, reconnects; ends only by cancellation."""
        while True:
            try:
                async with ThinConsumer(self.settings) as line:
                    await line.subscribe(self._filters)
                    self.lines += 1
                    self.connected.set()
                    await self._serve(line)
            except* (ConsumerError, OSError):
                pass
            finally:
                self.connected.clear()
            self._line_lost()
            await asyncio.sleep(_RETRY_SECONDS)

    @property
    def unconfirmed(self) -> int:
        """Messages not known to be safe, by what its devices call safe."""
        return len(self._in_hand) + sum(device.unconfirmed for device in self.devices)

    @property
    def _filters(self) -> list[str]:
        return [device.topic(Verb.STORED) for device in self.devices]

    async def _serve(self, line: ThinConsumer) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(line))
            tasks.create_task(self._pump(line))
            tasks.create_task(self._remind())

    async def _listen(self, line: ThinConsumer) -> None:
        by_id = {device.device_id: device for device in self.devices}
        while True:
            batch = await line.next_batch(_RECEIPTS_AT_ONCE, 0.0)
            for delivery in batch:
                by_id[parts(delivery.topic)[0]].heard(delivery.payload)
            await line.acknowledge_batch(batch)

    async def _pump(self, line: ThinConsumer) -> None:
        while True:
            if not self._in_hand:
                self._in_hand = [
                    (device, entry, payload) for device in self.devices for entry, payload in device.next_messages()
                ]
            if not self._in_hand:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            await self._send(line, self._in_hand[:_AT_ONCE])
            del self._in_hand[:_AT_ONCE]

    async def _send(self, line: ThinConsumer, messages: Sequence[tuple[ChainDevice, Entry, bytes]]) -> None:
        await line.publish([Outgoing(device.topic(entry.verb), payload, qos=1) for device, entry, payload in messages])
        if any(device.trusts_broker for device, _, _ in messages):
            # The broker answers in order: when this is answered it has acknowledged every message before it.
            await line.subscribe(self._filters)
        by_device: dict[ChainDevice, list[Entry]] = {}
        for device, entry, _ in messages:
            by_device.setdefault(device, []).append(entry)
        for device, entries in by_device.items():
            device.left(entries)

    def _line_lost(self) -> None:
        # What an outbox keeps is taken from there again; without one this is all there is.
        self._in_hand = [entry for entry in self._in_hand if entry[0].trusts_broker]
        for device in self.devices:
            device.line_lost()

    async def _remind(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_REMIND_SECONDS)
            for device in self.devices:
                device.remind(loop.time())
