"""Which messages are stored already, or stand twice in the same batch."""

from collections.abc import Sequence
from typing import TypeVar

from fleet.clock import from_milliseconds
from ingest.accepted import AcceptedEvent, AcceptedReading
from ingest.write.connection import Connection
from ingest.write.rows import identity_columns

Record = TypeVar("Record", AcceptedReading, AcceptedEvent)
Key = tuple[int, int, int, int]


def key_of(record: AcceptedReading | AcceptedEvent) -> Key:
    """Device number, time stored under, boot and seq: the key of every hypertable of messages."""
    told = record.reading if isinstance(record, AcceptedReading) else record.occurrence
    return record.device.number, record.at, told.boot, told.seq


async def without_repeats(connection: Connection, find: bytes, records: Sequence[Record]) -> list[Record]:
    """Those not stored yet, each once, in order.

    Args:
        connection: in the transaction that will insert them.
        find: `statements.find_stored` of their table.
        records: all of that table.
    """
    once = list({key_of(record): record for record in reversed(records)}.values())[::-1]
    stored = await stored_keys(connection, find, [key_of(record) for record in once])
    return [record for record in once if key_of(record) not in stored]


async def stored_keys(connection: Connection, find: bytes, keys: Sequence[Key]) -> set[Key]:
    """Those of `keys` that the table holds; their times fit a calendar, so they lie before the year 9999."""
    if not keys:
        return set()
    numbers, moments, boots, seqs = (list(column) for column in zip(*keys, strict=True))
    bounds = [from_milliseconds(min(moments)), from_milliseconds(max(moments))]
    cursor = await connection.execute(find, [*identity_columns(numbers, moments, boots, seqs), *bounds])
    return {keys[int(str(place)) - 1] for (place,) in await cursor.fetchall()}
