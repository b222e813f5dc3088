"""The worker: judges devices, sends notifications and commands, ends what nobody answered; each in its own loop."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import aiomqtt
import psycopg
import psycopg_pool
from prometheus_client import start_http_server

from diagnostics.alarms.area_watch import AreaWatch
from diagnostics.alarms.judging import Judge, Judged
from diagnostics.alarms.lease import LeaseLostError
from diagnostics.commands.broker import connected
from diagnostics.commands.dispatch import Dispatcher
from diagnostics.commands.repository import COMMAND_CHANNEL
from diagnostics.escalation.walking import Walker
from diagnostics.faults.counting import FaultCount
from diagnostics.faults.deriving import DerivedFaults
from diagnostics.idle.rounds import VerdictRounds
from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.channels import make_channels
from diagnostics.notify.links import Links
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.polling import Polling
from diagnostics.recall.watching import RecallWatch
from diagnostics.resources import server_clock
from diagnostics.wakeups import Wakeups, wait_for
from diagnostics.wear.counting import WearCount
from fleet.plumbing.database import Pool, database_pool
from fleet.plumbing.logs import get_logger
from fleet.plumbing.memory import settle
from fleet.plumbing.settings import Settings
from fleet.registry import load_registry

DUE_CHANNEL: Final = "fjarrkoll_due"
TURN_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 2.0
LONGEST_QUIET_SECONDS: Final = 10.0
POLL_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 60.0
RECALL_SECONDS: Final = 5.0
_ROUND_SECONDS: Final = 10.0
# A sweep over a whole region takes a while; it may take this share of the time, whatever the size of the fleet. By new
# rules conditions may hold already that nobody was told of; by known ones it is a safety net and may take hours.
_SWEEP_SHARE: Final = 0.02
_NEW_RULES_SHARE: Final = 0.2
_QUIET_SHARE: Final = 0.1
_LONGEST_PAUSE: Final = 30.0
# A worker that stands still in the middle of a transaction holds the devices that it was judging and the message that
# it was about to send: the server takes them back after so long, for an alarm must be sent within ten seconds all the
# same.
_STANDS_STILL: Final = "5s"
# Its commands are looked for every second, so that a connection to look with was proved by the last look.
_PROVED_SECONDS: Final = 2.0
_LOST: Final = (psycopg.Error, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed, aiomqtt.MqttError, OSError)
_log = get_logger(part="worker")

Turn = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Worker:
    """Everything the worker does, over open resources."""

    judge: Judge
    walker: Walker
    areas: AreaWatch
    outbox: Outbox
    dispatcher: Dispatcher
    recalls: RecallWatch
    verdicts: VerdictRounds
    faults: FaultCount
    derived: DerivedFaults
    lives: WearCount
    wakeups: Wakeups
    metrics: WorkerMetrics
    settings: Settings

    async def run(self) -> None:
        """Runs until cancelled. A lost database or broker is waited for; any other failure ends the worker, visibly."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every("judging", self._judging, DUE_CHANNEL), name="judging")
            tasks.create_task(self._every("timing", self._timing, ""), name="timing")
            tasks.create_task(self._retrying("quieting", self._quieting), name="quieting")
            tasks.create_task(self._retrying("sweeping", self._sweeping), name="sweeping")
            tasks.create_task(self._every("escalating", self._escalating, ""), name="escalating")
            if not self.outbox.channels:
                tasks.create_task(self._every("notifying", partial(self.walker.pulse, "notifying"), ""), name="idle")
            tasks.create_task(self._retrying("polling", self._polling), name="polling")
            for channel in self.outbox.channels:
                sending = partial(self._sending, channel)
                tasks.create_task(
                    self._every(f"notifying by {channel}", sending, "notify"), name=f"notifying-{channel}"
                )
            tasks.create_task(self._every("expiring", self.dispatcher.expire, ""), name="expiring")
            tasks.create_task(self._retrying("recalling", self._recalling), name="recalling")
            tasks.create_task(self._retrying("verdicts", self._verdicts), name="verdicts")
            tasks.create_task(self._retrying("counting", self._counting), name="counting")
            tasks.create_task(self._retrying("deriving", self._deriving), name="deriving")
            tasks.create_task(self._retrying("lives", self._lives), name="lives")
            tasks.create_task(self._commanding(), name="commanding")

    async def _judging(self) -> None:
        self._tell(await self.judge.marked())
        await self.walker.pulse("judging")
        self.metrics.last_cycle.set_to_current_time()

    async def _timing(self) -> None:
        """Timers, holds and open alarms, beside what came in: a jam waits for none of them."""
        self._tell(await self.judge.unmarked())
        await self.walker.pulse("timing")

    async def _quieting(self) -> None:
        """Silence and areas, beside the judging of what came in: over a whole region they take their time."""
        while True:
            began = time.monotonic()
            await self._silence()
            await self.walker.pulse("quieting")
            took = time.monotonic() - began
            await asyncio.sleep(min(LONGEST_QUIET_SECONDS, max(QUIET_SECONDS, took / _QUIET_SHARE)))

    async def _silence(self) -> None:
        """Areas first, then single devices; by one worker at a time, so that none rings before it has been counted."""
        try:
            if await self.areas.round():
                self._tell(await self.judge.quiet(all_rules=False))
                self._tell(await self.judge.judge_all(await self.areas.released(), past=False))
        except LeaseLostError as lost:
            _log.warning("Another worker judges areas now", event_name="lease_lost", reason=str(lost))

    async def _sweeping(self) -> None:
        """At the start, and then now and then, beside the judging of what is due, with a share of the time."""
        await self.judge.recall_swept()
        while True:
            began, rules = time.monotonic(), self.judge.digest
            self._tell(await self.judge.sweep(self._sweep_share))
            if self.judge.digest == rules:
                await self.judge.note_swept(rules)
            await asyncio.sleep(max(0.0, SWEEP_SECONDS - (time.monotonic() - began)))

    def _sweep_share(self) -> float:
        return _SWEEP_SHARE if self.judge.digest == self.judge.swept_by else _NEW_RULES_SHARE

    async def _sending(self, channel: str) -> None:
        while await self.outbox.round_of(channel, _ROUND_SECONDS):
            await self.walker.pulse("notifying")
        await self.walker.pulse("notifying")

    async def _polling(self) -> None:
        polling = Polling(self.outbox.pool, self.outbox.channels)
        while True:
            await polling.round()
            await asyncio.sleep(POLL_SECONDS)

    async def _escalating(self) -> None:
        if await self.walker.round():
            self.wakeups.wake("notify")
        await self.walker.pulse("escalating")

    async def _recalling(self) -> None:
        while True:
            await self.recalls.round()
            await asyncio.sleep(RECALL_SECONDS)

    async def _verdicts(self) -> None:
        while True:
            pause = await self.verdicts.round()
            await asyncio.sleep(pause)

    async def _counting(self) -> None:
        while True:
            pause = await self.faults.pause_after_round()
            await asyncio.sleep(pause)

    async def _deriving(self) -> None:
        while True:
            pause = await self.derived.pause_after_round()
            await asyncio.sleep(pause)

    async def _lives(self) -> None:
        while True:
            pause = await self.lives.pause_after_round()
            await asyncio.sleep(pause)

    def _tell(self, done: Judged) -> None:
        if done.raised or done.cleared:
            self.wakeups.wake("notify")

    async def _commanding(self) -> None:
        async def session() -> None:
            async with connected(self.settings) as broker:
                await self._loop(lambda: self.dispatcher.send_queued(broker), COMMAND_CHANNEL)

        await self._retrying("commanding", session)

    async def _every(self, name: str, turn: Turn, channel: str) -> None:
        await self._retrying(name, lambda: self._loop(turn, channel))

    async def _loop(self, turn: Turn, channel: str) -> None:
        """Takes a turn at each wake-up of the channel, and every TURN_SECONDS in any case."""
        async with self.wakeups.expecting(channel) as woken:
            while True:
                await turn()
                await wait_for(woken, TURN_SECONDS)

    async def _retrying(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begins the work again after a lost connection, with growing pauses while it stays lost."""
        pause = 0.5
        while True:
            began = time.monotonic()
            try:
                await work()
            except _LOST as error:
                self.metrics.failures.labels(name).inc()
                _log.warning("Lost a connection", event_name="worker_lost", task=name, reason=type(error).__name__)
            pause = 0.5 if time.monotonic() - began > _LONGEST_PAUSE else min(_LONGEST_PAUSE, pause * 2)
            await asyncio.sleep(pause)


def alarm_pool(url: str, largest: int = 10) -> AbstractAsyncContextManager[Pool]:
    """Connections of what finds alarms and tells of them."""
    settings = {"idle_in_transaction_session_timeout": _STANDS_STILL}
    return database_pool(url, "fjarrkoll-worker", largest=largest, settings=settings)


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[Worker]:
    """A worker over open resources.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        DatabaseUnavailableError: the database does not let us in.
    """
    metrics, url = WorkerMetrics(), settings.need("worker_database_url")
    async with AsyncExitStack() as stack:
        channels = make_channels(settings)
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        alarms = await stack.enter_async_context(alarm_pool(url))
        pool = await stack.enter_async_context(
            database_pool(url, "fjarrkoll-worker", largest=6, proved_seconds=_PROVED_SECONDS)
        )
        wakeups = await stack.enter_async_context(Wakeups(url, [DUE_CHANNEL, COMMAND_CHANNEL]).running())
        yield Worker(
            judge=Judge(alarms, load_registry(), sorted(channels), metrics),
            walker=Walker(alarms, sorted(channels), metrics),
            areas=AreaWatch(alarms, load_registry(), sorted(channels)),
            outbox=Outbox(alarms, channels, settings.api_url, metrics, _links(settings)),
            dispatcher=Dispatcher(pool, server_clock, metrics),
            recalls=RecallWatch(pool),
            verdicts=VerdictRounds(url, settings.verdict_seconds),
            faults=FaultCount(pool),
            derived=DerivedFaults(pool, load_registry()),
            lives=WearCount(pool),
            wakeups=wakeups,
            metrics=metrics,
            settings=settings,
        )


def _links(settings: Settings) -> Links | None:
    if settings.link_secret is None:
        return None
    return Links(settings.public_url or settings.api_url, settings.need("link_secret"))


async def serve(settings: Settings) -> None:
    """Runs a worker until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with open_worker(settings) as worker:
        settle()
        port = None
        if settings.metrics_port is not None:
            server, _ = start_http_server(settings.metrics_port, settings.metrics_host, worker.metrics.registry)
            port = server.server_port
        channels = sorted(worker.outbox.channels)
        _log.info("The worker runs", event_name="worker_started", channels=channels, metrics_port=port)
        running = asyncio.create_task(worker.run(), name="worker")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if running.done():
            await running
        running.cancel()
        await asyncio.wait({running}, timeout=10)
        _log.info("The worker stopped", event_name="worker_stopped")
