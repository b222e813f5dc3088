"""A session with a device: everything heard is written down, commands and receipts are sent on purpose."""

import asyncio
import contextlib
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from device_sim.conformance.transcript import Asked, Purpose, Said, Transcript
from device_sim.line import Line, opened, service_packet
from device_sim.wire import LineLostError, Wire
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.errors import ConfigurationError, RejectedMessageError
from fleet.messages import CommandMessage, Occurrence, Reading, Receipt, Reply
from fleet.topics import RETAINED, Verb, parse, topic

WITHHOLD_SECONDS: Final = 12.0
"""How long no receipt is sent after the first request, so that the device has to send again."""
_ANSWER_SECONDS: Final = 10.0
_NO_ANSWER_SECONDS: Final = 2.0
_TO_REST_SECONDS: Final = 2.0  # for whoever kept the device in an unsafe state: it must not restart in one either
_KEPT_SECONDS: Final = 0.5
_VALID_MS: Final = 30_000
_LATE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What to do.

    Attributes:
        observer_password: account that hears everything.
        diagnostics_password: account that sends commands; with `counter`, or not at all.
        counter: the first command counter to use; the device must not have seen it or a higher one.
        ingest_password: account that confirms, for a broker at which no ingest runs.
        restart: have the device restart its gateway, and ask once more what it has answered before.
        unsafe: the device is kept in a state in which it must refuse its self-test: driving, in therapy, dosing.
    """

    line: Line
    device_id: str
    seconds: float
    observer_password: str
    diagnostics_password: str | None = None
    counter: int | None = None
    ingest_password: str | None = None
    restart: bool = False
    unsafe: bool = False


@dataclass(slots=True)
class _Listener:
    session: Session
    transcript: Transcript
    began: float = field(default_factory=time.monotonic)
    answered: set[str] = field(default_factory=set)
    stored: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    asked: asyncio.Queue[tuple[int, int]] = field(default_factory=asyncio.Queue)

    def now(self) -> float:
        """Seconds since listening began."""
        return time.monotonic() - self.began

    async def record(self, wire: Wire) -> None:
        """Writes everything down, and notes what the other tasks wait for."""
        while True:
            message = await wire.receive()
            verb = parse(message.topic)[1]
            said = Said(self.now(), verb, message.payload, message.retained, message.content_type)
            self.transcript.said.append(said)
            with contextlib.suppress(RejectedMessageError):
                self._note(said)

    def _note(self, said: Said) -> None:
        for part in _numbered(said):
            self.stored[part.boot].add(part.seq)
            if part.outbox_from is not None:
                self.asked.put_nowait((part.boot, part.outbox_from))
            if isinstance(part, Reply):
                self.answered.add(part.command_id)

    async def confirm(self, wire: Wire) -> None:
        """Plays the platform: late at first, then for the unbroken run from what was asked."""
        withheld_until: float | None = None
        while True:
            boot, asked_from = await self.asked.get()
            withheld_until = withheld_until or self.now() + WITHHOLD_SECONDS
            if self.now() < withheld_until:
                continue
            upto = asked_from - 1
            while upto + 1 in self.stored[boot]:
                upto += 1
            receipt = codec.encode(Receipt(boot=boot, seq=upto))
            await wire.publish(topic(self.session.device_id, Verb.STORED), receipt)

    async def command(self, wire: Wire, counter: int) -> None:
        """Asks, asks the same again, asks too late, asks for what does not exist."""
        await asyncio.sleep(1.0)
        first = self._made("read_faults", counter)
        await self._send(wire, Purpose.READ_FAULTS, first)
        await self._wait(first, _ANSWER_SECONDS)
        await wire.publish(topic(self.session.device_id, Verb.COMMAND), codec.encode(first))
        await self._send(wire, Purpose.REPLAYED, self._made("read_faults", counter))
        await asyncio.sleep(_NO_ANSWER_SECONDS)
        for purpose, asked in (
            (Purpose.EXPIRED, self._made("read_faults", counter + 1, late_ms=_LATE_MS)),
            (Purpose.UNKNOWN, self._made("no_such_command", counter + 2)),
        ):
            await self._send(wire, purpose, asked)
            await self._wait(asked, _ANSWER_SECONDS)
        if self.session.unsafe:
            unsafe = self._made("self_test", counter + 3)
            await self._send(wire, Purpose.UNSAFE, unsafe)
            await self._wait(unsafe, _ANSWER_SECONDS)
            await asyncio.sleep(_TO_REST_SECONDS)
        if self.session.restart:
            await self._restart(wire, counter)

    async def _restart(self, wire: Wire, counter: int) -> None:
        """Restarts the device, and asks under the first counter again when it is back."""
        births = self._births()
        await self._send(wire, Purpose.RESTART, self._made("restart_gateway", counter + 4))
        until = self.now() + _ANSWER_SECONDS
        while self._births() == births and self.now() < until:  # noqa: ASYNC110 - the device comes back by itself
            await asyncio.sleep(0.05)
        if self._births() > births:
            await self._send(wire, Purpose.AFTER_RESTART, self._made("read_faults", counter))
            await asyncio.sleep(_NO_ANSWER_SECONDS / 2)

    def _births(self) -> int:
        return sum(said.verb is Verb.BIRTH and not said.retained for said in self.transcript.said)

    def _made(self, name: str, counter: int, *, late_ms: int = 0) -> CommandMessage:
        """A command whose not_after lies ahead, or `late_ms` ago."""
        now = to_milliseconds(datetime.now(UTC))
        issued = now - late_ms - (_VALID_MS if late_ms else 0)
        return CommandMessage(
            command_id=secrets.token_hex(8),
            name=name,
            counter=counter,
            issued_at=issued,
            not_after=now - late_ms if late_ms else now + _VALID_MS,
        )

    async def _send(self, wire: Wire, purpose: Purpose, command: CommandMessage) -> None:
        self.transcript.asked.append(Asked(self.now(), purpose, command))
        await wire.publish(topic(self.session.device_id, Verb.COMMAND), codec.encode(command))

    async def _wait(self, command: CommandMessage, seconds: float) -> None:
        until = self.now() + seconds
        while command.command_id not in self.answered and self.now() < until:  # noqa: ASYNC110 - the device answers
            await asyncio.sleep(0.05)


async def listen(session: Session, tell: Callable[[str], None]) -> Transcript:
    """Listens for `session.seconds` and does what the session says.

    Raises:
        ConfigurationError: the broker refuses an account, or the line to it was lost.
    """
    transcript = Transcript(session.device_id, datetime.now(UTC))
    listener = _Listener(session, transcript)
    async with contextlib.AsyncExitStack() as stack:
        hearing = await stack.enter_async_context(_account(session.line, "observer", session.observer_password))
        await hearing.subscribe(topic(session.device_id, verb) for verb in Verb)
        tasks = [asyncio.create_task(listener.record(hearing))]
        if session.diagnostics_password and session.counter:
            transcript.commanding = True
            wire = await stack.enter_async_context(_account(session.line, "diagnostics", session.diagnostics_password))
            tasks.append(asyncio.create_task(listener.command(wire, session.counter)))
        if session.ingest_password:
            wire = await stack.enter_async_context(_account(session.line, "ingest", session.ingest_password))
            tasks.append(asyncio.create_task(listener.confirm(wire)))
        tell(f"listening to {session.device_id} for {session.seconds:.0f} s")
        await _for(session.seconds, tasks)
        transcript.seconds = listener.now()
    transcript.kept = await _kept(session)
    return transcript


async def _for(seconds: float, tasks: list["asyncio.Task[None]"]) -> None:
    """Lets tasks work for a while; one that fails ends all."""
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            if len(done) == len(tasks):
                await asyncio.sleep(max(0.0, until - time.monotonic()))
    except LineLostError as error:
        raise ConfigurationError(f"the line to the broker was lost while listening: {error}") from error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept(session: Session) -> dict[Verb, bytes]:
    """What the broker tells a newcomer."""
    found: dict[Verb, bytes] = {}
    async with _account(session.line, "observer", session.observer_password) as wire:
        await wire.subscribe(topic(session.device_id, verb) for verb in RETAINED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KEPT_SECONDS):
                while True:
                    message = await wire.receive()
                    if message.retained:
                        found[parse(message.topic)[1]] = message.payload
    return found


@contextlib.asynccontextmanager
async def _account(line: Line, user: str, password: str) -> AsyncIterator[Wire]:
    stack = contextlib.AsyncExitStack()
    try:
        wire = await stack.enter_async_context(opened(line, service_packet(user, password)))
    except LineLostError as error:
        raise ConfigurationError(f"{user} cannot connect to {line.host}:{line.port}: {error}") from error
    async with stack:
        yield wire


def _numbered(said: Said) -> list[Reading] | list[Occurrence] | list[Reply]:
    match said.verb:
        case Verb.TELEMETRY:
            return codec.decode_telemetry(said.payload, said.content_type)[0]
        case Verb.EVENT:
            return [codec.decode(said.payload, Occurrence)]
        case Verb.REPLY:
            return [codec.decode(said.payload, Reply)]
        case _:
            return []
