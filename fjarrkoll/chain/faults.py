"""Faults other than kills: each is done to a running chain, mended, and says what shows that it was felt."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fjarrkoll.chain.disk import fill, free
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.proxy import CommitCut
from fjarrkoll.chain.site import PASSWORD, SHARD, Site, scraped
from fjarrkoll.services.process import HOST
from ingest.consumer import ConsumerSettings, ThinConsumer
from ingest.service import LANES

Evidence = Mapping[str, float]
MEGABYTE: Final = 1 << 20
SMALL_DISK_MEGABYTES: Final = 160
_WAIT_SECONDS: Final = 60.0
_SHORT_KEEPALIVE: Final = {"max_keepalive": "10", "sys_interval": "1"}
"""The broker tells its clients to be heard every ten seconds (Mosquitto allows no less); no test waits for 30."""
PAST_KEEPALIVE_SECONDS: Final = 17.0
"""One and a half times ten seconds, and a bit (MQTT 5, 3.1.2.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        act: does it and mends it; called while devices produce.
        required: what must have been felt, by name of the evidence.
        broker, database: settings of the servers that it needs.
        small_disk: whether the database's files have to be on a disk that can be filled.
        outbox: False where the broker must be able to make good for it alone.
    """

    name: str
    act: Callable[[Site, Field], Awaitable[Evidence]]
    required: tuple[str, ...]
    broker: Mapping[str, str]
    database: Mapping[str, str]
    small_disk: bool = False
    outbox: bool = True


async def stop_ingest(site: Site, field: Field, seconds: float = PAST_KEEPALIVE_SECONDS) -> Evidence:
    """SIGSTOP past the keep-alive: the broker gives the line up, and what wakes is not the owner of what it holds."""
    del field
    before = site.to_broker.connections
    site.signal_ingest(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        site.signal_ingest(signal.SIGCONT)
    await _until(lambda: site.to_broker.connections > before, "ingest connects again")
    return {"lines_given_up": site.to_broker.connections - before}


async def half_open(site: Site, field: Field) -> Evidence:
    """The line to the broker stands and carries nothing; ingest has to notice by itself."""
    del field
    before, began = site.to_broker.connections, time.monotonic()
    site.to_broker.hold()
    try:
        await _until(lambda: site.to_broker.connections > before, "ingest gives the line up")
        noticed = time.monotonic() - began
    finally:
        site.to_broker.release()
    await site.ingest_ready()
    return {"lines_given_up": site.to_broker.connections - before, "noticed_after_seconds": round(noticed, 1)}


async def partition(site: Site, field: Field, seconds: float = PAST_KEEPALIVE_SECONDS) -> Evidence:
    """Ingest is cut off from both, broker and database, without a word."""
    del field
    before = site.to_broker.connections
    for line in (site.to_broker, site.to_database):
        line.hold()
    try:
        await asyncio.sleep(seconds)
    finally:
        for line in (site.to_broker, site.to_database):
            line.release()
    await _until(lambda: site.to_broker.connections > before, "ingest connects again")
    return {"lines_given_up": site.to_broker.connections - before}


async def slow_database(site: Site, field: Field, seconds: float = 15.0) -> Evidence:
    """Half a second more for every answer of the database, while more comes in than it can take."""
    del field
    before, most = site.ingest_memory(), 0
    site.to_database.delay_seconds = 0.25
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        most = max(most, site.ingest_memory())
        await asyncio.sleep(0.1)
    site.to_database.delay_seconds = 0.0
    return {"slow_seconds": seconds, "memory_growth_megabytes": round((most - before) / 1e6, 1)}


async def cut_during_commit(site: Site, field: Field, times: int = 20) -> Evidence:
    """The line breaks while a COMMIT is under way, in turn before the server has it and after it has carried it out."""
    del field
    line = site.to_database
    for number in range(times):
        cuts, commits = line.commits_cut, line.commits
        line.commit_cut = CommitCut.AFTER if number % 2 else CommitCut.BEFORE
        await _until(lambda cuts=cuts: line.commits_cut > cuts, "a COMMIT is under way")  # type: ignore[misc]
        await _until(lambda commits=commits: line.commits > commits, "ingest stores again")  # type: ignore[misc]
    return {"commits_cut": line.commits_cut}


async def strand_transaction(site: Site, field: Field) -> Evidence:
    """Ingest's line breaks in a transaction and the server is not told: it keeps its locks until it gives up itself."""
    del field
    line = site.to_database
    cuts = line.commits_cut
    line.commit_cut = CommitCut.STRANDED
    await _until(lambda: line.commits_cut > cuts, "a COMMIT is under way")
    # The other lane may still store its share of this batch and of the next; then it waits for this one.
    began, commits = time.monotonic(), line.commits + 2 * (LANES - 1)
    await _until(lambda: line.commits > commits, "ingest stores again", 3 * _WAIT_SECONDS)
    took = round(time.monotonic() - began, 1)
    line.end_stranded()
    return {"transactions_stranded": 1, "stored_again_after_seconds": took}


async def full_disk(site: Site, field: Field, seconds: float = 6.0) -> Evidence:
    """Not a byte is left for the database, which may stop or go down; then there is room again."""
    del field
    disk = site.folder / "database"
    taken = fill(disk)
    began = time.monotonic()
    try:
        await _until(lambda: _went_wrong(site), "the database runs out of space")
        felt = time.monotonic() - began
        await asyncio.sleep(seconds)
        held = (await site.totals())["held"]
    finally:
        free(disk)
    went_down = not site.postgres.running
    await asyncio.to_thread(site.postgres.start)
    return {
        "bytes_taken": taken,
        "held_while_full": held,
        "felt_after_seconds": round(felt, 1),
        "database_went_down": float(went_down),
    }


async def lose_session(site: Site, field: Field) -> Evidence:
    """The broker forgets ingest's session with what it held for it, as after a clean start by another program."""
    # Only an ingest that has written how far it came knows at its next start that there was a session.
    await _until(lambda: site.ask("SELECT FROM ingest_watermark") != [], "ingest has written how far it came")
    await site.kill_ingest()
    waiting = field.produced
    await _until(lambda: field.produced > waiting + 200, "messages wait at the broker")
    settings = ConsumerSettings(
        host=HOST,
        port=site.broker.port,
        client_id=SHARD,
        username="ingest",
        password=PASSWORD,
        clean_start=True,
        session_expiry_seconds=0,
    )
    async with ThinConsumer(settings):
        pass
    await site.start_ingest()
    await site.ingest_ready()
    return {"sessions_forgotten": 1}


async def take_over(site: Site, field: Field, seconds: float = 5.0) -> Evidence:
    """A standby takes over the name of a killed ingest, which stays away for a while and then stands by itself."""
    del field
    killed = site.ingest
    site.standby()
    await _standing_by(site)
    await site.kill_ingest()
    began = time.monotonic()
    await site.handed_over()
    took = time.monotonic() - began
    await asyncio.sleep(seconds)
    await asyncio.to_thread(killed.start)
    await _standing_by(site)
    site.ingest.check()
    return {"took_over_after_seconds": round(took, 1), "away_seconds": seconds, "stood_by": 2}


async def overflow(site: Site, field: Field) -> Evidence:
    """More waits at the broker than its queue holds, while ingest is away."""
    await site.kill_ingest()
    waiting = field.produced
    await _until(lambda: field.produced > waiting + 2000, "the queue overflows")
    await site.start_ingest()
    await site.ingest_ready()
    began, dropped = time.monotonic(), 0.0
    while not dropped and time.monotonic() - began < _WAIT_SECONDS:
        await asyncio.sleep(0.1)
        dropped = (await site.figures()).get("broker_dropped", 0.0)
    log = site.ingest.log_path.read_text(encoding="utf-8")
    return {
        "dropped_by_broker": dropped,
        "noticed_after_seconds": round(time.monotonic() - began, 1),
        "noticed_in_log": log.count("broker_dropped"),
    }


FAULTS: Final = {
    fault.name: fault
    for fault in (
        Fault(
            name="stop-ingest",
            act=stop_ingest,
            required=("lines_given_up", "redelivered"),
            broker=_SHORT_KEEPALIVE,
            database={},
            outbox=False,
        ),
        Fault(name="half-open", act=half_open, required=("lines_given_up",), broker=_SHORT_KEEPALIVE, database={}),
        Fault(name="partition", act=partition, required=("lines_given_up",), broker=_SHORT_KEEPALIVE, database={}),
        Fault(
            name="slow-database", act=slow_database, required=("slow_seconds",), broker={}, database={}, outbox=False
        ),
        Fault(
            name="commit-cut",
            act=cut_during_commit,
            required=("commits_cut", "suppressed", "held_batches"),
            broker={},
            database={},
            outbox=False,
        ),
        Fault(
            name="stranded-transaction",
            act=strand_transaction,
            required=("transactions_stranded", "held_batches"),
            broker={},
            database={},
        ),
        Fault(
            name="full-disk",
            act=full_disk,
            required=("held_while_full",),
            broker={},
            database={"max_wal_size": "64MB", "min_wal_size": "32MB"},
            small_disk=True,
        ),
        Fault(
            name="take-over", act=take_over, required=("stood_by", "away_seconds"), broker={}, database={}, outbox=False
        ),
        Fault(name="session-lost", act=lose_session, required=("sessions_lost", "resent"), broker={}, database={}),
        Fault(
            name="overflow",
            act=overflow,
            required=("dropped_by_broker", "noticed_in_log", "resent"),
            broker={"max_queued_messages": "500", "sys_interval": "1"},
            database={},
        ),
    )
}


def _went_wrong(site: Site) -> bool:
    """Whether the database has said that it has no space, or is down."""
    return not site.postgres.running or "No space left on device" in site.postgres.log_path.read_text(
        encoding="utf-8", errors="replace"
    )


async def _standing_by(site: Site) -> None:
    async with asyncio.timeout(_WAIT_SECONDS):
        while (await asyncio.to_thread(scraped, site.standby_port)).get("standing_by") != 1.0:
            site.ingest.check()
            await asyncio.sleep(0.1)


async def _until(happened: Callable[[], bool], what: str, seconds: float = _WAIT_SECONDS) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not happened():  # noqa: ASYNC110 - what happens does so in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}") from None


SILENCES: Final = {"stop-ingest": stop_ingest, "partition": partition, "take-over": take_over}
"""Faults that last as long as one likes."""
