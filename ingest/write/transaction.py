"""One batch in one transaction: settles what only the database can tell, stores all rows, or nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple, cast

import psycopg

from fleet.errors import RejectionReason
from fleet.plumbing.database import in_few_messages
from fleet.plumbing.store.tables import reading_table
from fleet.registry import Registry
from ingest.accepted import Accepted, AcceptedReply
from ingest.batch import plan
from ingest.columns import Columns
from ingest.write.clocks import settle_clocks
from ingest.write.connection import Connection
from ingest.write.errors import StoredAlreadyError
from ingest.write.faults import store_faults
from ingest.write.packing import Packed, ReadingTable, pack
from ingest.write.repeats import without_repeats
from ingest.write.replies import store_replies
from ingest.write.rows import ReadingColumns
from ingest.write.statements import EVENTS, find_stored, insert_readings

Answer = psycopg.AsyncCursor[tuple[object, ...]]
_CHUNKS: Final = "_timescaledb_internal"
"""Where the parts of hypertables lie; all that ingest writes hold messages under their identity."""
_FLUSH_SECONDS: Final = 0.001
DUE_CHANNEL: Final = "fjarrkoll_due"
"""Told, without words, when a commit has marked devices that the worker must judge."""
_WAKE: Final = b"SELECT pg_notify(%s, '')"
_WAKE_AFTERWARDS: Final = b"SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, '')"
"""A transaction that tells something commits alone in the whole database, until its log is safe on the disk: a large
batch would hold up the answers that somebody waits for. What is told right after it waits for no disk."""


@dataclass(slots=True)
class Stored:
    """What a committed batch did.

    Attributes:
        readings: rows per device class.
        repeated: messages that were stored already.
        rejected: messages put in quarantine, by reason.
    """

    readings: dict[str, int] = field(default_factory=dict)
    events: int = 0
    replies: int = 0
    repeated: int = 0
    rejected: Counter[RejectionReason] = field(default_factory=Counter)


@dataclass(slots=True)
class _Settled:
    """What the database said about a batch."""

    accepted: Accepted
    reads: Sequence[AcceptedReply] = ()
    repeated: int = 0


class Unsettled(NamedTuple):
    """A batch that the database must be asked about.

    Attributes:
        accepted: what it must be asked about.
        plain: readings of other devices, taken to be new.
    """

    accepted: Accepted
    plain: Sequence[Columns] = ()


class Transaction:
    """Stores batches.

    Args:
        registry: the device classes whose tables exist.
    """

    def __init__(self, registry: Registry) -> None:
        self._tables = {
            profile.name: ReadingTable(
                insert_readings(profile), find_stored(reading_table(profile.name)), ReadingColumns(profile)
            )
            for profile in registry
        }
        self._find_events = find_stored(EVENTS)

    async def pack(
        self, accepted: Accepted, received_at: datetime, plain: Sequence[Columns] = (), *, doubted: bool = False
    ) -> Packed | None:
        """The batch ready to be sent, or None where the database must be asked about it first; pauses half-way.

        Args:
            accepted: what went the long way.
            received_at: when the batch arrived.
            plain: readings of other devices.
            doubted: some of what went the long way may be stored already.
        """
        if doubted or accepted.doubtful or accepted.replies:
            return None
        rows = plan(accepted)
        await asyncio.sleep(0)
        return pack(rows, self._tables, received_at, plain)

    async def store(
        self,
        connection: Connection,
        packed: Packed,
        rejected: Counter[RejectionReason],
        under_way: Callable[[], None],
    ) -> Stored:
        """Commits a batch of which everything is known.

        Args:
            connection: not in a transaction.
            packed: the batch.
            rejected: the refusals in it, for the count.
            under_way: called when the server has all it needs, and is at work.

        Raises:
            StoredAlreadyError: some are stored already, so the sums would be wrong; nothing was stored: use
                `settle_and_store`.
            psycopg.Error: nothing was stored, or the connection was lost during commit and it cannot be told; use
                `settle_and_store`.
        """
        with _stored_already():
            if packed.faults and packed.copies:
                async with connection.transaction():
                    await _copy(connection, packed)
                    async with connection.pipeline():
                        answers = await _send(connection, packed, ())
            elif packed.faults:
                async with in_few_messages(connection):
                    answers = await _send(connection, packed, ())
            else:
                answers = await _send_at_once(connection, packed, under_way)
        await _learn(packed, answers)
        return _counted(packed, Stored(rejected=rejected))

    async def settle_and_store(
        self, connection: Connection, batch: Unsettled, received_at: datetime, under_way: Callable[[], None]
    ) -> Stored:
        """Commits a batch of which some may be stored already, or whose times or answers are not settled.

        Args:
            connection: not in a transaction.
            batch: it is not changed.
            received_at: when it arrived.
            under_way: as of `store`.

        Raises:
            StoredAlreadyError: plain readings are stored already, or another process stored some of the batch at this
                moment; take none of it for new, and try again.
            psycopg.Error: as of `store`; try again.
        """
        with _stored_already():
            if batch.plain:
                async with connection.transaction():
                    async with connection.pipeline() as pipeline:
                        settled = await self._settle(connection, pipeline, batch.accepted, received_at)
                    packed = self._packed(settled, received_at, batch.plain)
                    under_way()
                    await _copy(connection, packed)
                    async with connection.pipeline():
                        answers = await _send(connection, packed, settled.reads)
            else:  # nothing to stream: an answer that somebody waits for takes three messages
                async with in_few_messages(connection) as pipeline:
                    settled = await self._settle(connection, pipeline, batch.accepted, received_at)
                    packed = self._packed(settled, received_at)
                    answers = await _send(connection, packed, settled.reads)
        await _learn(packed, answers)
        rejected = Counter(entry.reason for entry in settled.accepted.rejected)
        counted = Stored(replies=len(settled.accepted.replies), repeated=settled.repeated, rejected=rejected)
        return _counted(packed, counted)

    def _packed(self, settled: _Settled, received_at: datetime, plain: Sequence[Columns] = ()) -> Packed:
        rows = plan(settled.accepted)
        rows.due |= {reply.device.number for reply in settled.reads}
        return pack(rows, self._tables, received_at, plain)

    async def _settle(
        self, connection: Connection, pipeline: psycopg.AsyncPipeline, accepted: Accepted, received_at: datetime
    ) -> _Settled:
        settled = _Settled(accepted)
        if accepted.doubtful:
            settled.accepted, repeated = await settle_clocks(connection, pipeline, settled.accepted)
            settled.repeated += repeated
        settled.accepted, repeated = await self._without_stored(connection, settled.accepted)
        settled.repeated += repeated
        if accepted.replies:
            answered = await store_replies(connection, settled.accepted, received_at)
            settled.accepted, settled.reads = answered.accepted, answered.reads
            settled.repeated += answered.repeated
        return settled

    async def _without_stored(self, connection: Connection, accepted: Accepted) -> tuple[Accepted, int]:
        readings = []
        for name, table in self._tables.items():
            of_class = [record for record in accepted.readings if record.device.handling.device_class == name]
            readings += await without_repeats(connection, table.find, of_class)
        events = await without_repeats(connection, self._find_events, accepted.events)
        repeated = len(accepted.readings) + len(accepted.events) - len(readings) - len(events)
        return replace(accepted, readings=readings, events=events), repeated


@contextmanager
def _stored_already() -> Iterator[None]:
    """Tells the key of a hypertable of messages, which refuses what is stored, from every other unique key."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        if error.diag.schema_name != _CHUNKS:
            raise
        raise StoredAlreadyError("some messages of the batch are stored already") from error


async def _send_at_once(connection: Connection, packed: Packed, under_way: Callable[[], None]) -> list[Answer]:
    """Sends a whole transaction and waits once, so that the server is never in want of us.

    The commit is sent with the rest: where a statement fails, the server skips all that follow, the commit too.
    """
    try:
        if packed.copies:
            await connection.execute("BEGIN")
            under_way()
            await _copy(connection, packed)
        async with connection.pipeline():
            if not packed.copies:
                await connection.execute("BEGIN")
            answers = await _send(connection, packed, (), wakes=False)
            await connection.execute("COMMIT")
            if packed.wakes:
                await connection.execute(_WAKE_AFTERWARDS, [DUE_CHANNEL])
            while connection.pgconn.flush():  # noqa: ASYNC110 - the line's buffer is full; nobody tells when it is not
                await asyncio.sleep(_FLUSH_SECONDS)
            under_way()
    except BaseException:
        if not connection.closed:
            await connection.rollback()
        raise
    return answers


async def _copy(connection: Connection, packed: Packed) -> None:
    """Streams plain readings; a pipeline cannot."""
    for place, entry in enumerate(packed.copies):
        async with connection.cursor().copy(entry.statement) as stream:
            await stream.write(entry.data)
        packed.copies[place] = entry.sent()


async def _send(
    connection: Connection, packed: Packed, reads: Sequence[AcceptedReply], *, wakes: bool = True
) -> list[Answer]:
    """Sends the statements of a batch, and what wakes the worker; returns the answers to those that judge."""
    for entry in packed.inserts:
        await connection.execute(entry.statement, entry.parameters)
    if packed.faults or reads:
        await store_faults(connection, packed.faults, reads, packed.received_at)
    answers = []
    for consequence in packed.to_send():
        answer = await connection.execute(consequence.statement, consequence.parameters)
        if consequence.judges:
            answers.append(answer)
    if wakes and packed.wakes:
        await connection.execute(_WAKE, [DUE_CHANNEL])
    return answers


async def _learn(packed: Packed, answers: Sequence[Answer]) -> None:
    """After the commit: what is known now of the devices at hand."""
    for device in packed.strangers:
        device.has_state = True
    for answer in answers:
        for number, day in cast("list[tuple[int, int]]", await answer.fetchall()):
            device = packed.judged[number]
            device.used_day = max(device.used_day, day)


def _counted(packed: Packed, counted: Stored) -> Stored:
    for copied in packed.copies:
        counted.readings[copied.what] = copied.rows
    for entry in packed.inserts:
        if entry.what == EVENTS:
            counted.events = entry.rows
        else:
            counted.readings[entry.what] = counted.readings.get(entry.what, 0) + entry.rows
    return counted
