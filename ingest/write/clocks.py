"""Fetches what `ingest.clocks` needs to settle the times of doubtful messages, and stores what it decides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import psycopg

from fleet.plumbing.store.tables import reading_table
from ingest.accepted import Accepted, AcceptedReading, Doubtful, Identity
from ingest.clocks import Correction, Told, settle
from ingest.write.arrays import bigints, integers, times
from ingest.write.connection import Connection
from ingest.write.errors import StoredAlreadyError
from ingest.write.repeats import Key, stored_keys
from ingest.write.statements import EVENTS, find_stored, statement


async def settle_clocks(
    connection: Connection, pipeline: psycopg.AsyncPipeline, accepted: Accepted
) -> tuple[Accepted, int]:
    """The batch with nothing doubtful left in it, and how many of its messages are stored already.

    Raises:
        StoredAlreadyError: another process stored a correction at this moment.
    """
    known = await _known_corrections(connection, accepted.doubtful)
    settled = settle(accepted.doubtful, known, await _stored_as_told(connection, accepted.doubtful))
    await _add_corrections(connection, pipeline, settled.corrections)
    return replace(
        accepted,
        readings=[*accepted.readings, *settled.readings],
        events=[*accepted.events, *settled.events],
        rejected=[*accepted.rejected, *settled.rejected],
        doubtful=[],
    ), settled.repeated


async def _known_corrections(connection: Connection, doubtful: list[Doubtful]) -> dict[Identity, Correction]:
    identities = [entry.identity for entry in doubtful]
    cursor = await connection.execute(
        statement("known_corrections"),
        [
            integers([identity.device_no for identity in identities]),
            integers([identity.boot for identity in identities]),
            bigints([identity.seq for identity in identities]),
        ],
    )
    rows = cast("list[tuple[int, int, int, int, int]]", await cursor.fetchall())
    return {Identity(number, boot, seq): Correction(told, at) for number, boot, seq, told, at in rows}


async def _stored_as_told(connection: Connection, doubtful: list[Doubtful]) -> set[Told]:
    """Of the disbelieved those that were believed once. A time still ahead of us can never have been."""
    by_table: dict[str, dict[Key, Told]] = {}
    for entry in doubtful:
        record, told, identity = entry.record, entry.told.ts, entry.identity
        if record.corrected and told <= record.at:
            table = (
                reading_table(record.device.handling.device_class) if isinstance(record, AcceptedReading) else EVENTS
            )
            key = (identity.device_no, told, identity.boot, identity.seq)
            by_table.setdefault(table, {})[key] = Told(identity, told)
    found: set[Told] = set()
    for table, keys in by_table.items():
        found |= {keys[key] for key in await stored_keys(connection, find_stored(table), list(keys))}
    return found


async def _add_corrections(
    connection: Connection, pipeline: psycopg.AsyncPipeline, corrections: Mapping[Identity, Correction]
) -> None:
    if not corrections:
        return
    rows = list(corrections.items())
    cursor = await connection.execute(
        statement("add_corrections"),
        [
            integers([identity.device_no for identity, _ in rows]),
            integers([identity.boot for identity, _ in rows]),
            bigints([identity.seq for identity, _ in rows]),
            bigints([correction.told for _, correction in rows]),
            times([correction.at for _, correction in rows]),
        ],
    )
    await pipeline.sync()
    if cursor.rowcount != len(rows):
        raise StoredAlreadyError("another process stored a clock correction of the same message")
