"""One simulated device on the broker: birth, state and last will, its outbox sent until confirmed, reconnects."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

import mqtt5

from device_sim.device import Outgoing, SimulatedDevice
from device_sim.journal import Moment
from device_sim.line import Line, device_packet, opened
from device_sim.reminder import Reminder
from device_sim.wire import LineLostError, Wire
from fleet.errors import RejectedMessageError
from fleet.messages import Reply
from fleet.plumbing.logs import get_logger
from fleet.topics import DOWNWARD, Verb, parse, topic

__all__ = ["Connection", "Line"]

log = get_logger(room="device_sim")

_SHORTEST_BACK_OFF_SECONDS: Final = 0.2
_LONGEST_BACK_OFF_SECONDS: Final = 10.0
_GOOD_LINE_SECONDS: Final = 5.0
_LOOK_EVERY_SECONDS: Final = 1.0
_BUSY_LOOK_SECONDS: Final = 0.5
_GOODBYE_SECONDS: Final = 2.0


@dataclass(slots=True, eq=False)
class Connection:
    """Keeps one device connected until cancelled, sending what is put into its queue.

    Attributes:
        published: messages the broker took, those sent again included.
        connected: set while the device has a line and has told who it is.
        trouble: why the last line was lost or refused.
    """

    device: SimulatedDevice
    password: str
    line: Line
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    published: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: str = ""
    _waiting: asyncio.Queue[Outgoing] = field(default_factory=asyncio.Queue)
    _sending: bool = False
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _speaking: asyncio.Event = field(default_factory=asyncio.Event)
    _wire: Wire | None = None
    _random: Random = field(default_factory=Random)
    _reminder: Reminder = field(init=False)

    def __post_init__(self) -> None:
        """Begins free to speak."""
        self._reminder = Reminder(jitter=self._random.uniform(0.8, 1.2))
        self._released.set()
        self._speaking.set()

    # -- what can be done to it ---------------------------------------------------------------------------------------

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Queues messages; they leave in order. What is in the outbox and does not get out now goes again later."""
        for message in outgoing:
            self._waiting.put_nowait(message)

    @property
    def idle(self) -> bool:
        """Whether everything queued has left."""
        return self._waiting.empty() and not self._sending

    @property
    def held(self) -> bool:
        """While true nothing that the device tells leaves it; what happens meanwhile comes as a late burst."""
        return not self._released.is_set()

    @held.setter
    def held(self, hold: bool) -> None:
        if hold:
            self._released.clear()
        else:
            self._released.set()

    def drop_line(self) -> None:
        """Cuts the line without a goodbye, as power loss does: the last will fires, and the device connects again."""
        if self._wire is not None:
            self._wire.cut()

    def fall_silent(self) -> None:
        """The gateway dies: the line is cut, nothing is measured, sent or answered until `come_back`."""
        self.device.silent = True
        self._speaking.clear()
        self.drop_line()

    def come_back(self) -> None:
        """The gateway lives again."""
        self.device.silent = False
        self._speaking.set()

    def ask_now(self) -> None:
        """Asks for a receipt, where none is on its way; if it does not come, what is unconfirmed goes again."""
        if self.idle and self.connected.is_set() and not self.device.outbox.asking:
            self.send(self.device.ask())

    # -- what it does -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connects, serves, reconnects; ends only by cancellation, and then says that it is offline."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            await self._speaking.wait()
            began = loop.time()
            try:
                async with opened(self.line, self._connect_packet()) as wire:
                    await self._serve(wire)
            except* LineLostError as errors:
                self.trouble = str(_first(errors))
                log.debug("device lost its line", event_name="line_lost", device_id=self._id, error=self.trouble)
            finally:
                self._line_lost()
            failures = 0 if loop.time() - began > _GOOD_LINE_SECONDS else failures + 1
            longest = min(_LONGEST_BACK_OFF_SECONDS, _SHORTEST_BACK_OFF_SECONDS * 2.0 ** min(failures, 10))
            await asyncio.sleep(longest * self._random.uniform(0.5, 1.0))

    @property
    def _id(self) -> str:
        return self.device.identity.device_id

    def _connect_packet(self) -> mqtt5.ConnectPacket:
        return device_packet(self._id, self.password, self.device.presence(self.clock(), online=False).payload)

    async def _serve(self, wire: Wire) -> None:
        if self.device.silent:
            return
        self._wire = wire
        try:
            await self._introduce(wire)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(wire, self.device.boot))
                tasks.create_task(self._pump(wire))
                tasks.create_task(self._remind())
                tasks.create_task(self._advance())
        except asyncio.CancelledError:
            await self._say_goodbye(wire)
            raise

    async def _introduce(self, wire: Wire) -> None:
        await wire.subscribe(topic(self._id, verb) for verb in DOWNWARD)
        now = self.clock()
        for message in (self.device.birth(now), self.device.presence(now, online=True)):
            await self._publish(wire, message)
        self.send(self.device.resend())
        self.send(self.device.remember(now))
        self.connected.set()

    async def _listen(self, wire: Wire, boot: int) -> None:
        while True:
            message = await wire.receive()
            _, verb = parse(message.topic)
            try:
                self.send(self.device.receive(verb, message.payload, self.clock()))
            except RejectedMessageError as error:
                log.warning("device cannot read it", event_name="unreadable", device_id=self._id, error=str(error))
            if verb is Verb.STORED:
                self._go_on()
            if self.device.boot != boot:
                await self._waiting.join()
                self.drop_line()

    def _go_on(self) -> None:
        """A receipt came: the next window of what has to go again, as fast as receipts come."""
        self._reminder.answered()
        if self.idle and not self.device.outbox.asking:
            self.send(self.device.resend())

    async def _pump(self, wire: Wire) -> None:
        while True:
            message = await self._waiting.get()
            self._sending = True
            try:
                await self._released.wait()
                await self._publish(wire, message)
            finally:
                self._sending = False
                self._waiting.task_done()

    async def _remind(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            outbox = self.device.outbox
            if not self.idle or not self._reminder.due(loop.time(), kept=len(outbox), asking=outbox.asking):
                continue
            if outbox.asking:
                outbox.receipt_overdue()
                self.send(self.device.resend())
            else:
                self.ask_now()

    async def _advance(self) -> None:
        """Finishes commands that take their time."""
        while True:
            due = self.device.next_due
            left = _LOOK_EVERY_SECONDS if due is None else (due - self.clock()).total_seconds()
            await asyncio.sleep(min(_BUSY_LOOK_SECONDS, max(0.0, left)))
            self.send(self.device.advance(self.clock()))

    async def _publish(self, wire: Wire, message: Outgoing) -> None:
        entry = message.entry
        if self.device.silent or (entry is not None and entry.gone):
            return
        payload = message.payload if entry is None else self.device.outbox.wrap(entry, ask=message.ask)
        await wire.publish(topic(self._id, message.verb), payload, retain=message.retain)
        self.published += 1
        if entry is not None and any(isinstance(part, Reply) and part.status != "running" for part in entry.parts):
            self.device.moment(Moment.TOLD)

    async def _say_goodbye(self, wire: Wire) -> None:
        """A tidy DISCONNECT withholds the last will, so the device says itself that it is offline."""
        saying = asyncio.ensure_future(self._publish(wire, self.device.presence(self.clock(), online=False)))
        await asyncio.wait({saying}, timeout=_GOODBYE_SECONDS)
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)

    def _line_lost(self) -> None:
        """What is in the outbox goes again on the next line; the rest of the queue waits for it."""
        self.connected.clear()
        self._wire = None
        self.device.outbox.start_over()
        rest: list[Outgoing] = []
        while not self._waiting.empty():
            message = self._waiting.get_nowait()
            self._waiting.task_done()
            if message.entry is None:
                rest.append(message)
        self.send(rest)


def _first(error: BaseException) -> BaseException:
    """The first error inside nested groups."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
