"""Stores batches whatever happens: holds while the database is away, and lets no single message stop the others."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from fleet.errors import RejectionReason, shown
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.topics import parts
from ingest.accept import Message, accept
from ingest.accepted import Accepted, Identity, Rejected, Source
from ingest.batch import Plan, plan
from ingest.register import Register
from ingest.salvage import identities
from ingest.write.connection import Connection, connect
from ingest.write.errors import StoredAlreadyError
from ingest.write.transaction import Stored, Transaction
from ingest.write.verdict import Verdict, said, verdict

SHORTEST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 5.0
_log = get_logger(room="ingest")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch ready to be stored.

    Attributes:
        messages: as delivered, to be acknowledged when all of them are stored or in quarantine.
        planned: its rows, worked out while the previous batch was being committed; None where the database must be
            asked first.
    """

    messages: Sequence[Message]
    accepted: Accepted
    received_at: datetime
    planned: Plan | None


def prepare(messages: Sequence[Message], register: Register, received_at: datetime) -> Prepared:
    """Decides and works out all that needs no database. Pure but for births, which `register` takes in."""
    accepted = accept(messages, register, received_at)
    settled = not accepted.doubtful and not accepted.replies
    return Prepared(messages, accepted, received_at, plan(accepted) if settled else None)


class Writer:
    """The connection that stores.

    Args:
        address: of the database, with ingest's role.
        name: of this process, for the server's list of connections.
        registry: the device classes.
        register: needed again when a batch is taken apart.
        held: told why, each time a batch must wait.
    """

    def __init__(
        self, address: str, name: str, registry: Registry, register: Register, held: Callable[[str], None]
    ) -> None:
        self._address = address
        self._name = name
        self._transaction = Transaction(registry)
        self._register = register
        self._held = held
        self._connection: Connection | None = None

    async def close(self) -> None:
        """Closes the connection; what is not committed is rolled back."""
        if self._connection is not None:
            await self._connection.close()

    async def write(self, prepared: Prepared) -> list[Stored]:
        """Stores a batch: every message of it is in its table or in quarantine when this returns.

        It returns only then. While the database is away it waits, and tries again with the same messages.

        Returns:
            One entry, or several where the batch had to be taken apart.
        """
        look_first = any(message.redelivered for message in prepared.messages)
        waits = 0
        while True:
            try:
                return [await self._store(prepared, look_first=look_first)]
            except StoredAlreadyError as error:
                waits += look_first  # found again although left out: another process stores the same at this moment
                if look_first:
                    await self._hold(str(error), "repeated", waits)
            except psycopg.Error as error:
                if verdict(error) is Verdict.POISON:
                    return await self._take_apart(prepared, said(error))
                waits += 1
                await self._hold(said(error), error.sqlstate or "connection", waits)
            except Exception as error:  # noqa: BLE001 - whatever a message makes our own code trip over, the others go on
                return await self._take_apart(prepared, f"{type(error).__name__}: {error}")
            look_first = True  # also after an error: the line may have broken while the commit was on its way

    async def _store(self, prepared: Prepared, *, look_first: bool) -> Stored:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._address, self._name)
        planned = None if look_first else prepared.planned
        return await self._transaction.store(
            self._connection, prepared.accepted, prepared.received_at, planned, look_first=look_first
        )

    async def _hold(self, error: str, cause: str, waits: int) -> None:
        seconds = min(LONGEST_WAIT, SHORTEST_WAIT * 2.0 ** min(waits - 1, 10))
        self._held(cause)
        _log.warning(
            "The database does not take the batch; it is held and tried again.",
            event_name="batch_held",
            error=error,
            cause=cause,
            attempt=waits,
            wait_seconds=seconds,
        )
        await asyncio.sleep(seconds)

    async def _take_apart(self, prepared: Prepared, error: str) -> list[Stored]:
        """Halves a batch until the message that cannot be stored stands alone, and puts that one in quarantine."""
        messages, received_at = prepared.messages, prepared.received_at
        _log.warning(
            "A message of the batch cannot be stored; it is being looked for.",
            event_name="batch_taken_apart",
            error=shown(error, 200),
            messages=len(messages),
        )
        if not messages:  # what is left is the refusal itself
            raise RuntimeError(f"the quarantine cannot be written: {error}")
        if len(messages) == 1:
            refused = _refused_by_database(messages[0], self._register, error)
            return await self.write(Prepared([], refused, received_at, plan(refused)))
        middle = len(messages) // 2
        stored: list[Stored] = []
        for half in (messages[:middle], messages[middle:]):
            stored += await self.write(prepare(half, self._register, received_at))
        return stored


def _refused_by_database(message: Message, register: Register, error: str) -> Accepted:
    """The refusal of a message that looked well. It names no device: that the device is gone may be the very cause."""
    found = identities(message.payload)
    advice = f"the database refused it ({shown(error, 160)}): report it with these bytes"
    source = Source(message.topic, message.payload, message.content_type)
    refused = Rejected(source, None, RejectionReason.WRONG_SHAPE, advice, found[0] if found else None, alive=False)
    device = register.find(parts(message.topic)[0])
    kept = [] if device is None else [Identity(device.number, boot, seq) for boot, seq in found]
    return Accepted(rejected=[refused], kept=kept)
