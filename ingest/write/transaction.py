"""One batch in one transaction: settles what only the database can tell, stores all rows, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

import psycopg

from fleet.plumbing.store.tables import reading_table
from fleet.registry import Registry
from ingest.accepted import Accepted, AcceptedReply
from ingest.batch import Plan, plan
from ingest.write.arrays import integers
from ingest.write.clocks import settle_clocks
from ingest.write.connection import Connection
from ingest.write.errors import StoredAlreadyError
from ingest.write.faults import store_faults
from ingest.write.repeats import without_repeats
from ingest.write.replies import store_replies
from ingest.write.rows import (
    ReadingColumns,
    birth_columns,
    event_columns,
    presence_columns,
    quarantine_columns,
    state_columns,
    unknown_columns,
    usage_columns,
)
from ingest.write.statements import EVENTS, find_stored, insert_readings, statement, usage_statement

DUE_CHANNEL: Final = "fjarrkoll_due"
"""Told, without words, when a commit has marked devices that the worker must judge."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a committed batch did.

    Attributes:
        accepted: what it was made of, with the refusals that only the database could tell.
        readings: rows per device class.
        repeated: messages that were stored already.
    """

    accepted: Accepted
    readings: Mapping[str, int]
    events: int
    replies: int
    repeated: int


class _Classes(NamedTuple):
    insert: bytes
    find: bytes
    columns: ReadingColumns


class Transaction:
    """Stores batches.

    Args:
        registry: the device classes whose tables exist.
    """

    def __init__(self, registry: Registry) -> None:
        self._classes = {
            profile.name: _Classes(
                insert_readings(profile), find_stored(reading_table(profile.name)), ReadingColumns(profile)
            )
            for profile in registry
        }
        self._find_events = find_stored(EVENTS)

    async def store(
        self,
        connection: Connection,
        accepted: Accepted,
        received_at: datetime,
        planned: Plan | None,
        *,
        look_first: bool,
    ) -> Stored:
        """Commits a batch.

        Args:
            connection: not in a transaction.
            accepted: the batch; it is not changed.
            received_at: when it arrived.
            planned: `plan(accepted)`, where it was worked out beforehand and nothing is doubtful; else None.
            look_first: whether to ask for stored messages before inserting; right where some are known to be.

        Raises:
            StoredAlreadyError: some are stored already, so the sums would be wrong; nothing was stored: try again with
                `look_first`.
            psycopg.Error: nothing was stored, or the connection was lost during commit and it cannot be told; try the
            same again.
        """
        async with connection.pipeline() as pipeline, connection.transaction():
            repeated = 0
            if accepted.doubtful:
                accepted, settled_before = await settle_clocks(connection, pipeline, accepted)
                repeated += settled_before
            if look_first:
                accepted, found = await self._without_stored(connection, accepted)
                repeated += found
            reads: Sequence[AcceptedReply] = ()
            if accepted.replies:
                answered = await store_replies(connection, accepted, received_at)
                accepted, reads = answered.accepted, answered.reads
                repeated += answered.repeated
            rows = plan(accepted) if planned is None else planned
            rows.due |= {reply.device.number for reply in reads}
            await self._insert_messages(connection, pipeline, rows, received_at)
            if rows.faults or reads:
                await store_faults(connection, rows.faults, reads, received_at)
            await _store_consequences(connection, rows, received_at)
        for present in rows.present.values():
            present.device.has_state = True
        return Stored(
            accepted,
            {name: len(readings) for name, readings in rows.readings.items()},
            len(rows.events),
            len(accepted.replies),
            repeated,
        )

    async def _insert_messages(
        self, connection: Connection, pipeline: psycopg.AsyncPipeline, rows: Plan, received_at: datetime
    ) -> None:
        sent = []
        for name, readings in rows.readings.items():
            columns = self._classes[name].columns.of(readings)
            sent.append((await connection.execute(self._classes[name].insert, [received_at, *columns]), len(readings)))
        if rows.events:
            parameters = [received_at, *event_columns(rows.events)]
            sent.append((await connection.execute(statement("add_events"), parameters), len(rows.events)))
        await pipeline.sync()
        if any(cursor.rowcount != expected for cursor, expected in sent):
            raise StoredAlreadyError("some messages of the batch are stored already")

    async def _without_stored(self, connection: Connection, accepted: Accepted) -> tuple[Accepted, int]:
        readings = []
        for name, entry in self._classes.items():
            of_class = [record for record in accepted.readings if record.device.handling.device_class == name]
            readings += await without_repeats(connection, entry.find, of_class)
        events = await without_repeats(connection, self._find_events, accepted.events)
        repeated = len(accepted.readings) + len(accepted.events) - len(readings) - len(events)
        return replace(accepted, readings=readings, events=events), repeated


async def _store_consequences(connection: Connection, rows: Plan, received_at: datetime) -> None:
    """What follows from the messages: current state first, since usage writes to it too."""
    strangers = [number for number, present in rows.present.items() if not present.device.has_state]
    if strangers:
        await connection.execute(statement("make_states"), [integers(strangers)])
    if rows.presence:
        await connection.execute(statement("update_presence"), [received_at, *presence_columns(rows.presence)])
    if rows.present:
        columns = state_columns(rows.present.values())
        await connection.execute(statement("update_states"), {**columns, "received_at": received_at})
    if rows.births:
        models, attributes = birth_columns(list(rows.births.values()))
        await connection.execute(statement("update_models"), models)
        await connection.execute(statement("update_attributes"), attributes)
    await _store_usage(connection, rows)
    if rows.unknown:
        columns = unknown_columns(sorted(rows.unknown.items()))
        await connection.execute(statement("count_unknown"), {**columns, "received_at": received_at})
    if rows.quarantine:
        columns = quarantine_columns(list(rows.quarantine.values()))
        await connection.execute(statement("keep_in_quarantine"), {**columns, "received_at": received_at})
    if rows.due:
        await connection.execute(statement("mark_due"), [integers(sorted(rows.due)), received_at])
        await connection.execute("SELECT pg_notify(%s, '')", [DUE_CHANNEL])


async def _store_usage(connection: Connection, rows: Plan) -> None:
    for maximum, amounts in ((False, rows.sums), (True, rows.maxima)):
        if amounts:
            await connection.execute(usage_statement(maximum=maximum), usage_columns(amounts))
