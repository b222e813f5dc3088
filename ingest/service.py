"""Ingest as a process: connections that come back, marks through the broker's queue, the watermark, an orderly stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Final

import psycopg

from fleet.clock import from_milliseconds, to_milliseconds
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.topics import mark_topic, upward_filters
from ingest.consumer import (
    Connected,
    ConnectionLost,
    ConnectionReport,
    Consumer,
    ConsumerStatistics,
    Disconnected,
    Outgoing,
    SessionEvent,
    SessionLost,
    Supervisor,
)
from ingest.figures import Figures, Timings
from ingest.loop import Loop
from ingest.register import Register
from ingest.turn import Turn
from ingest.write.side import Side
from ingest.write.verdict import said
from ingest.write.writer import Writer

MARK_SECONDS: Final = 2.0
"""Between two marks sent through the broker's queue, and at most between two writings of the watermark."""
DROPPED_TOPIC: Final = "$SYS/broker/publish/messages/dropped"
QUEUED_TOPIC: Final = "$SYS/broker/store/messages/count"
"""Messages that the broker keeps: queued for durable sessions, in flight, retained (mosquitto(8), Broker Status)."""
GRACE_SECONDS: Final = 20.0
"""A batch may take this long to be committed after the process was asked to stop."""
_log = get_logger(room="ingest")


def utc_now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What a process needs to know.

    Attributes:
        shard: name of this consumer: of its marks and its watermark, and by default its client id.
        database: address, with ingest's role.
        batch: most messages in one transaction.
        linger_seconds: how long a batch waits to be filled.
        now: the clock, aware.
    """

    shard: str
    database: str
    batch: int = 500
    linger_seconds: float = 0.05
    now: Callable[[], datetime] = utc_now


class Service:
    """Ingest between one broker and one database.

    Args:
        settings: see there.
        registry: the device classes.
        make_consumer: called once per connection.
        timings: histograms.
    """

    def __init__(
        self, settings: ServiceSettings, registry: Registry, make_consumer: Callable[[], Consumer], timings: Timings
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._make_consumer = make_consumer
        self.figures = Figures(started=to_milliseconds(settings.now()))
        self._past = ConsumerStatistics()
        self._current = ConsumerStatistics()
        name = f"fjarrkoll ingest {settings.shard}"
        register = Register(registry)
        self._side = Side(settings.database, name)
        self._turn = Turn(settings.database, settings.shard, name, self._stands_by)
        self._writer = Writer(settings.database, name, registry, register, self._held)
        self._stop = asyncio.Event()
        self._mark_topic = mark_topic(settings.shard)
        self._stored_until: datetime | None = None
        self._came_further = asyncio.Event()
        self._loop = Loop(
            batch=settings.batch,
            linger_seconds=settings.linger_seconds,
            writer=self._writer,
            side=self._side,
            register=register,
            figures=self.figures,
            timings=timings,
            aside=self._aside,
            now=settings.now,
            stop=self._stop,
        )

    def stop(self) -> None:
        """Asks for an orderly end: no further batch is taken, those in hand are committed and acknowledged."""
        self._stop.set()

    async def serve(self) -> None:
        """Runs until `stop` is called.

        Raises:
            ConsumerError: the broker refuses us for good at the first connection; the sentence says what to do.
            ConfigurationError: the database is behind this release.
            TurnLostError: another process has taken over this shard.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._writer.close)
            stack.push_async_callback(self._side.close)
            stack.push_async_callback(self._turn.close)
            expected = await self._ready()
            if await self._turn.taken(self._stop):
                expected = await self._ready()  # the other one has been at work meanwhile
            if self._stop.is_set():
                return
            await stack.enter_async_context(self._beside(self._turn.kept()))
            await stack.enter_async_context(self._beside(self._keep_watermark()))
            supervisor = Supervisor(
                make_consumer=self._make_consumer,
                filters=(*upward_filters(), self._mark_topic, DROPPED_TOPIC, QUEUED_TOPIC),
                run=self._run,
                stop=self._stop,
                tell=self._heard,
                session_expected=expected,
                grace_seconds=GRACE_SECONDS,
            )
            await supervisor.supervise()
            await self._write_watermark()

    def counted(self) -> ConsumerStatistics:
        """What has gone over the line to the broker, over all connections so far."""
        return _sum(self._past, self._current)

    async def _run(self, consumer: Consumer, report: ConnectionReport) -> None:
        del report
        self._current = consumer.statistics
        try:
            async with self._beside(self._send_marks(consumer)):
                await self._loop.run(consumer)
        finally:
            self._past, self._current = self.counted(), ConsumerStatistics()
            self.figures.connected = False

    @contextlib.asynccontextmanager
    async def _beside(self, work: Coroutine[None, None, None]) -> AsyncIterator[None]:
        """Runs `work` beside the block and ends it with it. If it fails the process stops, and says why."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._stop_if_failed)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _stop_if_failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.stop()

    # ---- how far we have come ----

    async def _send_marks(self, consumer: Consumer) -> None:
        """Sends the time through the broker's queue to ourselves, for as long as the line stands.

        The queue is first in, first out: when a mark has come back and is committed, so is everything that was
        published before it. Nothing else would show a backlog that waits at the broker, and silence must not be judged
        while there is one.
        """
        with contextlib.suppress(Disconnected):
            while True:
                now = str(to_milliseconds(self._settings.now())).encode()
                await consumer.publish([Outgoing(self._mark_topic, now, qos=1)])
                await asyncio.sleep(MARK_SECONDS)

    def _aside(self, topic: str, text: str) -> None:
        if not text.isdecimal():
            return
        if topic == self._mark_topic:
            self._stored_until = from_milliseconds(int(text))
            self._came_further.set()
        elif topic == DROPPED_TOPIC:
            self._dropped(int(text))
        elif topic == QUEUED_TOPIC:
            self.figures.broker_queued = int(text)

    def _dropped(self, count: int) -> None:
        # The first count heard matters too: the queue overflows while ingest is away. A smaller one is of a new broker.
        before = self.figures.broker_dropped or 0
        dropped = count - before if count >= before else count
        if dropped:
            _log.error(
                "The broker threw messages away; devices must send them again. Raise max_queued_messages.",
                event_name="broker_dropped",
                messages=dropped,
            )
        self.figures.broker_dropped = count

    async def _keep_watermark(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MARK_SECONDS):
                    await self._came_further.wait()
            self._came_further.clear()
            await self._write_watermark()

    async def _write_watermark(self) -> None:
        now, figures = self._settings.now(), self.figures
        if self._stored_until is not None:
            figures.lag_seconds = (now - self._stored_until).total_seconds()
        most, figures.outbox_most = figures.outbox_most, 0
        said_now = figures.as_json(self.counted())
        try:
            await self._side.write_watermark(self._settings.shard, self._stored_until, now, said_now, most)
        except psycopg.Error as error:
            figures.outbox_most = max(figures.outbox_most, most)
            _log.warning("The watermark cannot be written.", event_name="watermark_held", error=said(error))

    async def _ready(self) -> bool:
        """Waits for the database; then whether the broker must still have our session."""
        while not self._stop.is_set():
            try:
                await self._side.check_tables(self._registry)
                return await self._side.served_before(self._settings.shard)
            except psycopg.Error as error:
                _log.warning("The database does not answer yet.", event_name="database_awaited", error=said(error))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._stop.wait()
        return False

    # ---- what happens ----

    def _stands_by(self, waiting: bool) -> None:  # noqa: FBT001 - the one thing there is to say
        self.figures.standing_by = waiting

    def _held(self, cause: str) -> None:
        self.figures.held[cause] += 1

    def _heard(self, event: SessionEvent) -> None:
        if isinstance(event, Connected):
            self.figures.connected = True
            _log.info("Connected to the broker.", event_name="connected", session_present=event.report.session_present)
        elif isinstance(event, SessionLost):
            self.figures.sessions_lost += 1
            _log.error(
                "The broker has forgotten our session and what it held for us; devices must send again.",
                event_name="session_lost",
            )
        elif isinstance(event, ConnectionLost):
            self.figures.connections_lost += 1
            _log.warning(str(event.error), event_name="connection_lost", retry_seconds=round(event.retry_seconds, 2))


def _sum(one: ConsumerStatistics, other: ConsumerStatistics) -> ConsumerStatistics:
    return ConsumerStatistics(
        **{entry.name: getattr(one, entry.name) + getattr(other, entry.name) for entry in fields(one)}
    )
