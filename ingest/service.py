"""Ingest as a process: sessions that come back, how far they have come, the watermark, an orderly stop."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, reduce
from typing import Final

import psycopg

from fleet.clock import to_milliseconds
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.topics import UPWARD, Verb, mark_topic, upward_filters
from ingest.consumer import (
    Connected,
    ConnectionLost,
    Consumer,
    ConsumerStatistics,
    SessionEvent,
    SessionLost,
    Supervisor,
)
from ingest.feed import MARK_SECONDS, Feed, beside, furthest, summed, together
from ingest.figures import Figures, Timings
from ingest.hints import Hints
from ingest.lanes import Lanes
from ingest.loop import Loop
from ingest.receipts import Receipts
from ingest.register import Register
from ingest.turn import Turn
from ingest.write.side import Side
from ingest.write.verdict import said
from ingest.write.writer import Writer

LANES: Final = 2
"""Connections that store a large batch side by side; more than the server has cores to spare gain nothing."""
URGENT: Final = "-urgent"
"""Ending of the client id and the mark of the session for what overtakes readings."""
OVERTAKING: Final = (Verb.EVENT, Verb.REPLY)
"""What somebody waits for: a jam rings a carer, an answer tells a technician what is wrong."""
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
        batch: most messages in one batch.
        share_from: messages from which on a batch is stored over all lanes at once.
        linger_seconds: how long a batch waits to be filled.
        now: the clock, aware.
    """

    shard: str
    database: str
    batch: int = 500
    linger_seconds: float = 0.05
    share_from: int = 1000
    now: Callable[[], datetime] = utc_now


class Service:
    """Ingest between one broker and one database.

    Args:
        settings: see there.
        registry: the device classes.
        make_consumer: called once per connection.
        timings: histograms.
        make_urgent_consumer: the same for events and answers to commands, with a client id of its own: somebody waits
            for them, so they do not queue behind the fleet's readings (docs/decisions/0028). None: they come with all
            else.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        registry: Registry,
        make_consumer: Callable[[], Consumer],
        timings: Timings,
        make_urgent_consumer: Callable[[], Consumer] | None = None,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._timings = timings
        self.figures = Figures(started=to_milliseconds(settings.now()))
        self._name = f"fjarrkoll ingest {settings.shard}"
        self._side = Side(settings.database, self._name)
        self._turn = Turn(settings.database, settings.shard, self._name, self._stands_by)
        self._receipts = Receipts()
        self._stop = asyncio.Event()
        self._came_further = asyncio.Event()
        verbs = UPWARD if make_urgent_consumer is None else [verb for verb in UPWARD if verb not in OVERTAKING]
        filters = (*upward_filters(verbs), DROPPED_TOPIC, QUEUED_TOPIC)
        self._feeds = [self._feed(make_consumer, filters, "", self._loop(LANES, self._side))]
        if make_urgent_consumer is not None:
            loop = self._loop(1, Side(settings.database, self._name))
            self._feeds.append(self._feed(make_urgent_consumer, upward_filters(OVERTAKING), URGENT, loop))

    def _loop(self, lanes: int, side: Side) -> Loop:
        """What serves one session. It shares with another's only what is known to be stored: as if of two processes."""
        settings, register, hints = self._settings, Register(self._registry), Hints(self._receipts)
        writers = [
            Writer(settings.database, self._name, self._registry, register, self._held, hints) for _ in range(lanes)
        ]
        return Loop(
            batch=settings.batch,
            linger_seconds=settings.linger_seconds,
            lanes=Lanes(writers, settings.share_from),
            side=side,
            register=register,
            figures=self.figures,
            timings=self._timings,
            aside=self._aside,
            born=self._born,
            now=settings.now,
            stop=self._stop,
            receipts=self._receipts,
            hints=hints,
        )

    def _feed(self, make_consumer: Callable[[], Consumer], filters: tuple[str, ...], ending: str, loop: Loop) -> Feed:
        mark = mark_topic(f"{self._settings.shard}{ending}")
        self.figures.lines[mark] = False
        return Feed(make_consumer=make_consumer, filters=filters, mark=mark, loop=loop, now=self._settings.now)

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
            for feed in self._feeds:
                for writer in feed.loop.lanes.writers:
                    stack.push_async_callback(writer.close)
                stack.push_async_callback(feed.loop.side.close)
            stack.push_async_callback(self._turn.close)
            main = self._feeds[0]
            main.expected = await self._ready()
            if await self._turn.taken(self._stop):
                main.expected = await self._ready()  # the other one has been at work meanwhile
            if self._stop.is_set():
                return
            await stack.enter_async_context(beside(self._turn.kept(), self._stop))
            await stack.enter_async_context(beside(self._keep_watermark(), self._stop))
            await together([self._supervisor(feed).supervise() for feed in self._feeds], self._stop)
            await self._write_watermark()

    def counted(self) -> ConsumerStatistics:
        """What has gone over the lines to the broker, over all connections so far."""
        return reduce(summed, (feed.counted() for feed in self._feeds))

    def _supervisor(self, feed: Feed) -> Supervisor:
        """Serves one session. The urgent one is not missed at the start: it is younger than the shard may be."""
        return Supervisor(
            make_consumer=feed.make_consumer,
            filters=(*feed.filters, feed.mark),
            run=feed.run,
            stop=self._stop,
            sure=self._turn.sure,
            tell=partial(self._heard, feed),
            session_expected=feed.expected,
            served_before=self._feeds[0].expected,
            grace_seconds=GRACE_SECONDS,
        )

    # ---- how far we have come ----

    def _aside(self, topic: str, text: str) -> None:
        if not text.isdecimal():
            return
        marked = next((feed for feed in self._feeds if feed.mark == topic), None)
        if marked is not None:
            marked.marked(text)
            self._came_further.set()
        elif topic == DROPPED_TOPIC:
            self._dropped(int(text))
        elif topic == QUEUED_TOPIC:
            self.figures.broker_queued = int(text)

    def _born(self, device_ids: Iterable[str]) -> None:
        """Births come with the readings; what the device says by the urgent session is read by its new model now."""
        main, *others = (feed.loop.register for feed in self._feeds)
        for register in others:
            register.follow(main, device_ids)

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
        stored_until = furthest(self._feeds)
        figures.devices = len(self._feeds[0].loop.register)
        if stored_until is not None:
            figures.lag_seconds = (now - stored_until).total_seconds()
        most, figures.outbox_most = figures.outbox_most, 0
        said_now, written = figures.as_json(self.counted()), False
        try:
            written = await self._side.write_watermark(self._settings.shard, stored_until, now, said_now, most)
        except psycopg.Error as error:
            _log.warning("The watermark cannot be written.", event_name="watermark_held", error=said(error))
        if not written:
            figures.outbox_most = max(figures.outbox_most, most)

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

    def _heard(self, feed: Feed, event: SessionEvent) -> None:
        if isinstance(event, Connected):
            self.figures.lines[feed.mark] = True
            present = event.report.session_present
            _log.info("Connected to the broker.", event_name="connected", session=feed.mark, session_present=present)
        elif isinstance(event, SessionLost):
            self.figures.sessions_lost += 1
            _log.error(
                "The broker has forgotten our session and what it held for us; devices must send again.",
                event_name="session_lost",
                session=feed.mark,
            )
        elif isinstance(event, ConnectionLost):
            self.figures.connections_lost += 1
            seconds = round(event.retry_seconds, 2)
            _log.warning(str(event.error), event_name="connection_lost", session=feed.mark, retry_seconds=seconds)
