"""Keeps one durable session served: connects, subscribes, runs ingest, and comes back after a loss."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.consumer.backoff import BackOff
from ingest.consumer.contract import ConnectionReport, Consumer
from ingest.consumer.errors import (
    BrokerUnreachable,
    ConnectionRefused,
    ConsumerError,
    Disconnected,
    SubscriptionRefused,
)


@dataclass(frozen=True, slots=True)
class Connected:
    """The line stands and the subscriptions are in place."""

    report: ConnectionReport


@dataclass(frozen=True, slots=True)
class SessionLost:
    """The broker has forgotten a session it was to keep, with all it held for us: devices must send again. An incident.

    Attributes:
        report: of the new connection.
    """

    report: ConnectionReport


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """An established line broke, or could not be made; the next attempt follows by itself.

    Attributes:
        error: what happened, as a sentence.
        attempt: failures in a row, 1 for the first.
        retry_seconds: until the next attempt.
    """

    error: ConsumerError
    attempt: int
    retry_seconds: float


SessionEvent = Connected | SessionLost | ConnectionLost
Run = Callable[[Consumer, ConnectionReport], Awaitable[None]]


def unheard(event: SessionEvent) -> None:
    """The listener of those who want to hear nothing."""


async def certainly() -> None:
    """For those who need not look before they connect."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """What `supervise` does, with the settings it can do without.

    Attributes:
        make_consumer: called once per connection.
        filters: subscribed to at every connection. Where the subscription stands already this changes nothing (retained
            messages come only with a new one), and where an earlier process died between CONNACK and SUBACK it saves us
            from waiting for ever on a session that subscribes to nothing. A filter that is dropped from the list stays
            in the session: choose a new client id then.
        run: ingest's own loop: next batch, commit, acknowledge. It ends when `stop` is set (a waiting `next_batch`
            returns at once then) and lets `Disconnected` pass. What else it raises ends the supervision.
        sure: asked before each connection; what it raises ends the supervision, too.
        stop: set it to end.
        tell: hears every event, on the event loop; it must not raise.
        session_expected: True where this client id is known to have been served before, so that a missing session at
            the first connection is a loss too.
        served_before: the broker has accepted us before, if not for this session: a refusal at the first connection is
            waited out too.
        back_off, draw: how long to wait between attempts, and its random numbers.
        grace_seconds: how long `run` may take to finish its batch after `stop`; then it is cancelled.
    """

    make_consumer: Callable[[], Consumer]
    filters: Sequence[str]
    run: Run
    stop: asyncio.Event
    sure: Callable[[], Awaitable[None]] = certainly
    tell: Callable[[SessionEvent], None] = unheard
    session_expected: bool = False
    served_before: bool = False
    back_off: BackOff = field(default_factory=BackOff)
    draw: Callable[[], float] = random.random
    grace_seconds: float = 10.0
    _failures: int = 0

    async def supervise(self) -> None:
        """Serve until `stop` is set or `run` returns.

        Raises:
            ConnectionRefused, SubscriptionRefused: at the first connection ever, and waiting does not mend the reason.
                Later ones are told as events and tried again, since they were accepted once.
        """
        finished = False
        while not finished and not self.stop.is_set():
            began = time.monotonic()
            try:
                finished = await self._serve_once()
            except (BrokerUnreachable, ConnectionRefused, SubscriptionRefused, Disconnected) as error:
                if not (self.session_expected or self.served_before) and _permanent(error):
                    raise
                await self._wait_after(error, held_seconds=time.monotonic() - began)

    async def _serve_once(self) -> bool:
        consumer = self.make_consumer()
        try:
            report = await self._unless_stopped(self._prepare(consumer))
            if report is None:
                return True
            return await self._run_to_the_end(consumer, report)
        finally:
            await consumer.close()

    async def _prepare(self, consumer: Consumer) -> ConnectionReport:
        await self.sure()
        report = await consumer.connect()
        if self.session_expected and not report.session_present:
            self.tell(SessionLost(report))
        if not report.session_present:
            await self._subscribe(consumer, report)
        return report

    async def _subscribe(self, consumer: Consumer, report: ConnectionReport) -> None:
        await consumer.subscribe(self.filters)
        self.session_expected = True
        self.tell(Connected(report))

    async def _run_to_the_end(self, consumer: Consumer, report: ConnectionReport) -> bool:
        """Lets `run` work; where the session was there, its subscription is asked for beside it.

        The broker answers behind all that it owes the session, which may be more than is taken in hand at once: waiting
        for the answer first would be waiting for ever.
        """
        running = asyncio.ensure_future(self.run(consumer, report))
        stopping = asyncio.ensure_future(self.stop.wait())
        subscribing = asyncio.ensure_future(self._subscribe(consumer, report)) if report.session_present else None
        try:
            if subscribing is not None:
                await asyncio.wait({running, stopping, subscribing}, return_when=asyncio.FIRST_COMPLETED)
            if subscribing is None or not _failed(subscribing):
                await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                consumer.interrupt()
                await asyncio.wait({running}, timeout=self.grace_seconds)
        finally:
            await _end(running, stopping, *([subscribing] if subscribing else []))
        if subscribing is not None and _failed(subscribing):
            subscribing.result()
        if not running.cancelled():
            running.result()
        return True

    async def _unless_stopped(self, work: Awaitable[ConnectionReport]) -> ConnectionReport | None:
        doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else None
        finally:
            await _end(doing, stopping)

    async def _wait_after(self, error: ConsumerError, *, held_seconds: float) -> None:
        steady = held_seconds >= self.back_off.steady_seconds
        self._failures = 1 if steady else self._failures + 1
        seconds = self.back_off.delay(self._failures, self.draw())
        if isinstance(error, Disconnected) and error.taken_over and self._failures > 1:
            seconds = self.back_off.cap_seconds  # someone else serves the session: do not throw them out in turn
        self.tell(ConnectionLost(error, self._failures, seconds))
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            return


async def _end(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _failed(task: asyncio.Future[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _permanent(error: ConsumerError) -> bool:
    return isinstance(error, SubscriptionRefused) or (isinstance(error, ConnectionRefused) and error.permanent)
