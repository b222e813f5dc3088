"""Reads and writes commands for the API; what the caller may not see, the database does not give."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.work import Work
from fleet.commands import Command
from fleet.plumbing.database import Connection

SQL: Final = room(__file__)
Parameters = dict[str, float | str]

COMMAND_CHANNEL: Final = "fjarrkoll_command"
REPLY_CHANNEL: Final = "fjarrkoll_reply"

# How long after its expiry an answer that came in time may be on its way through ingest; longer while that is behind.
GRACE: Final[dict[str, Any]] = {"grace": 1.0, "behind": 30.0}


async def ask(
    work: Work, device_no: int, command: Command, parameters: dict[str, float | str], key: str
) -> UUID | None:
    """Queues a command and wakes the worker; None when this caller has used the key before."""
    row = await fetch_one(
        work.connection,
        SQL["ask"],
        {
            "device_no": device_no,
            "name": command.name,
            "level": command.level,
            "parameters": Jsonb(parameters),
            "requested_by": work.caller.name,
            "key": key,
            "seconds": timedelta(seconds=command.expires_seconds).total_seconds(),
        },
    )
    if row is None:
        return None
    command_id: UUID = row["command_id"]
    await execute(work.connection, SQL["trace"], {"command_id": command_id, "state": "queued", "reason": ""})
    await execute(work.connection, SQL["tell"], {"channel": COMMAND_CHANNEL, "payload": str(command_id)})
    return command_id


async def by_key(work: Work, key: str) -> Row | None:
    """The command this caller asked for with the key, if it lies in the caller's scope still."""
    return await fetch_one(work.connection, SQL["by_key"], {"requested_by": work.caller.name, "key": key})


async def open_count(work: Work, device_no: int) -> int:
    """How many commands of a device wait for it."""
    rows = await fetch_all(work.connection, SQL["open_count"], {"device_no": device_no})
    return int(rows[0]["open"])


async def one(connection: Connection, command_id: UUID) -> Row | None:
    """A command with its device, or None where the caller sees none. One that is overdue is ended first."""
    ended = await fetch_one(connection, SQL["overdue"], {"command_id": command_id, **GRACE})
    if ended is not None:
        trace = {"command_id": command_id, "state": "expired", "reason": ended["reason"]}
        await execute(connection, SQL["trace"], trace)
    return await fetch_one(connection, SQL["one"], {"command_id": command_id})
