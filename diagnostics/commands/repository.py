"""Reads and writes commands for the API; what the caller may not see, the database does not give."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from diagnostics.commands.states import Approval, Expiry, State, Step, Stopped
from diagnostics.devices.repository import ask_identity, found
from diagnostics.queries import Row, execute, fetch_all, fetch_by_key, fetch_one, room
from diagnostics.work import Work
from fleet.commands import Command, Level
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.store.scope import Scope, look, scoped

SQL: Final = room(__file__)
Parameters = dict[str, float | str]

APPROVAL_SECONDS: Final = 3_600
"""How long a setting waits for its second person."""

COMMAND_CHANNEL: Final = "fjarrkoll_command"
REPLY_CHANNEL: Final = "fjarrkoll_reply"

# How long after its expiry an answer that came in time may be on its way through ingest; longer while that is behind.
GRACE: Final[dict[str, Any]] = {"grace": 1.0, "behind": 30.0}


class Wish(NamedTuple):
    """What a caller wants of a device.

    Attributes:
        command_id: what the command is called if it is new.
        key: one use of it by one caller is one command.
    """

    command_id: UUID
    device_no: int
    command: Command
    parameters: Parameters
    key: str


async def ask(work: Work, wish: Wish) -> None:
    """Queues a command and wakes the worker; asks the database for no answer, so that it may go with the commit.

    A setting waits for a second person first, an hour at most.

    Raises:
        psycopg.errors.UniqueViolation: this caller has used the key before; in few messages only the commit says so.
    """
    command, awaiting = wish.command, wish.command.level is Level.SETTING
    await execute(
        work.connection,
        SQL["ask"],
        {
            "command_id": wish.command_id,
            "device_no": wish.device_no,
            "name": command.name,
            "level": command.level,
            "parameters": Jsonb(wish.parameters),
            "requested_by": work.caller.name,
            "requested_role": work.caller.role,
            "requested_holder": _holder(work),
            "key": wish.key,
            "approval": Approval.AWAITING if awaiting else Approval.NOT_NEEDED,
            "seconds": APPROVAL_SECONDS if awaiting else command.expires_seconds,
        },
    )
    reason = Expiry.AWAITS_APPROVAL if awaiting else Step.ASKED
    traced = {"command_id": wish.command_id, "state": State.QUEUED, "reason": reason}
    told = {"channel": COMMAND_CHANNEL, "payload": str(wish.command_id)}
    await execute(work.connection, SQL["trace_and_tell"], {**traced, **told})


async def trace(connection: Connection, command_id: UUID, state: str, reason: str) -> None:
    """One step of a command's way, with its reason; the time is the database's."""
    await execute(connection, SQL["trace"], {"command_id": command_id, "state": state, "reason": reason})


async def tell(connection: Connection, channel: str, command_id: UUID) -> None:
    """Wakes who waits on a channel, once the transaction is committed."""
    await execute(connection, SQL["tell"], {"channel": channel, "payload": str(command_id)})


async def take_turns(work: Work, device_no: int) -> None:
    """From here to the end of the transaction nobody else asks this device for anything."""
    await execute(work.connection, SQL["take_turns"], {"device_no": device_no})


class Before(NamedTuple):
    """What a wish meets at its device.

    Attributes:
        device: as of `devices.repository.identity`.
        known: the command this caller asked for with the key, if it lies in the caller's scope still.
        waiting: the commands that wait for the device.
    """

    device: Row
    known: Row | None
    waiting: list[Row]


async def before_asking(work: Work, device_id: str, key: str) -> Before:
    """What there is when it is this caller's turn; from here to the end of the transaction nobody else asks the device.

    In few messages all questions go in one, each answered when the one before it has been: what is found still holds
    when the command is queued.

    Raises:
        Problem: no such device in the caller's scope.
    """
    it, used = {"device_id": device_id}, {"requested_by": work.caller.name, "key": key}
    device = await ask_identity(work, device_id)
    await execute(work.connection, SQL["take_turns_at"], it)
    known = await work.connection.cursor(row_factory=dict_row).execute(SQL["by_key"], used)
    waiting = await work.connection.cursor(row_factory=dict_row).execute(SQL["waiting"], it)
    return Before(found(await device.fetchone()), await known.fetchone(), await waiting.fetchall())


async def is_held(connection: Connection, device_no: int) -> bool:
    """Whether an incident hold lies on the device."""
    row = await fetch_one(connection, SQL["held"], {"device_no": device_no})
    return row is not None and bool(row["held"])


async def settle_approval(work: Work, statement: str, command_id: UUID, seconds: int = 0) -> bool:
    """Approves or denies (`approve`, `deny`); False where the statement's conditions do not hold any more."""
    said = {"command_id": command_id, "name": work.caller.name, "role": work.caller.role, "holder": _holder(work)}
    row = await fetch_one(work.connection, SQL[statement], {**said, "seconds": seconds})
    if row is None:
        return False
    if statement == "approve":
        await trace(work.connection, command_id, State.QUEUED, Approval.APPROVED)
        await tell(work.connection, COMMAND_CHANNEL, command_id)
    else:
        await trace(work.connection, command_id, State.CANCELLED, Stopped.DENIED)
        await tell(work.connection, REPLY_CHANNEL, command_id)
    return True


async def take_back(work: Work, command_id: UUID) -> bool:
    """Cancels what has not been sent; False where it has."""
    if await fetch_one(work.connection, SQL["take_back"], {"command_id": command_id}) is None:
        return False
    await trace(work.connection, command_id, State.CANCELLED, Stopped.TAKEN_BACK)
    await tell(work.connection, REPLY_CHANNEL, command_id)
    return True


async def open_above_read(work: Work, device_no: int) -> list[UUID]:
    """What waits for a device or is under way there and reaches further than reading."""
    rows = await fetch_all(work.connection, SQL["open_above_read"], {"device_no": device_no})
    return [row["command_id"] for row in rows]


async def steps(connection: Connection, command_id: UUID) -> list[Row]:
    """Every step of a command's way, in order."""
    return await fetch_all(connection, SQL["steps"], {"command_id": command_id})


async def many(work: Work, asked: dict[str, Any]) -> list[Row]:
    """Commands of the devices in scope, newest first; `asked` fills the places of the statement `list`."""
    return await fetch_all(work.connection, SQL["list"], asked)


def _holder(work: Work) -> str:
    return work.caller.holder or work.caller.name


async def by_key(work: Work, key: str) -> Row | None:
    """The command this caller asked for with the key, if it lies in the caller's scope still."""
    return await fetch_one(work.connection, SQL["by_key"], {"requested_by": work.caller.name, "key": key})


async def glance(pool: Pool, scope: Scope, command_id: UUID) -> Row | None:
    """As `one`, for whoever waits for an answer and looks at each step of the command."""
    row = await look(pool, scope, SQL["one"], {"command_id": command_id})
    if row is None or not row["overdue"]:
        return row
    async with scoped(pool, scope) as connection:
        return await one(connection, command_id)


async def one(connection: Connection, command_id: UUID) -> Row | None:
    """A command with its device, or None where the caller sees none. One that is overdue is ended first.

    Within a transaction.
    """
    row = await fetch_by_key(connection, SQL["one"], {"command_id": command_id})
    if row is None or not row["overdue"]:
        return row
    ended = await fetch_one(connection, SQL["overdue"], {"command_id": command_id, **GRACE})
    if ended is None:
        return row
    await trace(connection, command_id, ended["state"], ended["reason"])
    return await fetch_one(connection, SQL["one"], {"command_id": command_id})
