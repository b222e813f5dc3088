"""Stores batches whatever happens: holds while the database is away, and lets no single message stop the others."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg

from fleet.errors import RejectionReason, shown
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from ingest.accept import Acceptance, Message, accept
from ingest.accepted import Accepted, AcceptedBirth, Rejected, Source
from ingest.columns import Columns, Runs
from ingest.hints import Hints
from ingest.lots import Parted, Parting
from ingest.register import Register
from ingest.salvage import identities
from ingest.write.connection import Connection, at_rest, connect
from ingest.write.errors import StoredAlreadyError
from ingest.write.packing import Packed
from ingest.write.transaction import Stored, Transaction, Unsettled
from ingest.write.verdict import Verdict, said, verdict

SHORTEST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 5.0
STRIDE: Final = 500
"""Messages that are decided on without a pause: some milliseconds."""
STRIDE_BYTES: Final = 512 * 1024
"""The same for messages that are arrays of stored-up readings."""
_log = get_logger(room="ingest")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch ready to be stored.

    Attributes:
        messages: as delivered, to be acknowledged when all of them are stored or in quarantine.
        packed: what it writes, worked out while the previous batch was being committed; None where the database must be
            asked first.
        safe: (device number, boot, seq) of what went the long way; after its commit each is in its table or in
            quarantine.
        runs: the same of plain readings.
        plain: readings taken to be new, where the database must be asked about the others first.
        others: the messages it must be asked about.
        asked: as of `Accepted`.
        asides: as of `Accepted`.
        births: those in it, to be undone before it is read once more.
        rejected: the refusals in it.
    """

    messages: Sequence[Message]
    received_at: datetime
    packed: Packed | None = None
    safe: Sequence[tuple[int, int, int]] = ()
    asked: Mapping[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    asides: Mapping[str, str] = field(default_factory=dict)
    births: Sequence[AcceptedBirth] = ()
    rejected: Counter[RejectionReason] = field(default_factory=Counter)
    runs: Sequence[Runs] = ()
    plain: Sequence[Columns] = ()
    others: Sequence[Message] = ()

    def undo_births(self) -> None:
        """Makes the devices what they were before this batch."""
        for birth in reversed(self.births):
            birth.undo()


class Writer:
    """The connection that stores.

    Args:
        address: of the database, with ingest's role.
        name: of this process, for the server's list of connections.
        registry: the device classes.
        register: needed again when a batch is taken apart.
        held: told why, each time a batch must wait.
        hints: what may be stored already; shared by all that read.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - made in one place
        self,
        address: str,
        name: str,
        registry: Registry,
        register: Register,
        held: Callable[[str], None],
        hints: Hints,
    ) -> None:
        self._address = address
        self._name = name
        self._transaction = Transaction(registry)
        self._register = register
        self._held = held
        self._hints = hints
        self._connection: Connection | None = None

    async def prepare(self, messages: Sequence[Message], received_at: datetime) -> Prepared:
        """Decides and works out all that needs no database; births take effect on the register.

        It pauses every few milliseconds, so that a commit under way beside it is not kept waiting for its next step.
        """
        parted = await self._part(messages, received_at)
        acceptance = Acceptance(self._register, received_at)
        for some in strides(parted.others):
            acceptance.take_all(some)
            await asyncio.sleep(0)
        accepted = acceptance.accepted
        accepted.asked |= parted.asked
        try:
            packed = await self._transaction.pack(accepted, received_at, parted.plain, doubted=parted.doubted)
        except Exception:  # noqa: BLE001 - `write` meets the same again, and looks for the message
            packed = None
        return Prepared(
            messages,
            received_at,
            packed,
            list(safe_identities(accepted)),
            accepted.asked,
            accepted.asides,
            accepted.births,
            Counter(entry.reason for entry in accepted.rejected),
            [columns.runs() for columns in parted.plain],
            () if packed else parted.plain,
            () if packed else parted.others,
        )

    async def _part(self, messages: Sequence[Message], received_at: datetime) -> Parted:
        """Plain readings apart from the rest."""
        parting = Parting(self._register, received_at, self._hints)
        try:
            for some in strides(messages):
                parting.take_all(some)
                await asyncio.sleep(0)
            return parting.parted()
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the stream: the long way finds it
            cause = type(error).__name__
            _log.error("Plain readings cannot be taken together.", event_name="not_parted", error=cause)
            return Parted([], messages, {})

    async def close(self) -> None:
        """Closes the connection; what is not committed is rolled back."""
        if self._connection is not None:
            await self._connection.close()

    async def write(self, prepared: Prepared, under_way: Callable[[], None] = lambda: None) -> list[Stored]:
        """Stores a batch: every message of it is in its table or in quarantine when this returns.

        It returns only then. While the database is away it waits, and tries again with the same messages.

        Args:
            prepared: what to store.
            under_way: called when there is time to decide the next batch: the server is at work, or not to be had.

        Returns:
            One entry, or several where the batch had to be taken apart.
        """
        look_first, waits = False, 0
        while True:
            try:
                return [await self._store(prepared, under_way, look_first=look_first)]
            except StoredAlreadyError as error:
                waits += look_first  # found again although left out: another process stores the same at this moment
                if look_first:
                    await self._hold(str(error), "repeated", waits)
            except psycopg.Error as error:
                if verdict(error) is Verdict.POISON:
                    return await self._take_apart(prepared, said(error))
                await self.close()  # the line itself may be what is wrong
                waits += 1
                await self._hold(said(error), error.sqlstate or "connection", waits)
            except Exception as error:  # noqa: BLE001 - whatever a message makes our own code trip over, the others go on
                return await self._take_apart(prepared, f"{type(error).__name__}: {error}")
            under_way()
            look_first = True  # also after an error: the line may have broken while the commit was on its way

    async def _store(self, prepared: Prepared, under_way: Callable[[], None], *, look_first: bool) -> Stored:
        connection = await self._ready()
        if prepared.packed is not None and not (look_first and prepared.packed.holds_messages):
            return await self._transaction.store(connection, prepared.packed, prepared.rejected, under_way)
        prepared.undo_births()
        doubted, plain = (prepared.messages, ()) if look_first else (prepared.others, prepared.plain)
        batch = Unsettled(accept(doubted, self._register, prepared.received_at), plain)
        return await self._transaction.settle_and_store(connection, batch, prepared.received_at, under_way)

    async def _ready(self) -> Connection:
        """The connection, made anew where the last attempt has left it broken or in the middle of something."""
        if self._connection is not None and not at_rest(self._connection):
            await self._connection.close()
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._address, self._name)
        return self._connection

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
            refused = _refused_by_database(messages[0], error)
            rejected = Counter(entry.reason for entry in refused.rejected)
            packed = await self._transaction.pack(refused, received_at)
            return await self.write(Prepared([], received_at, packed, rejected=rejected))
        prepared.undo_births()
        middle = len(messages) // 2
        stored: list[Stored] = []
        for half in (messages[:middle], messages[middle:]):
            stored += await self.write(await self.prepare(half, received_at))
        return stored


def strides(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """A batch in parts of about `STRIDE_BYTES`, and of `STRIDE` messages at most."""
    total = sum([len(message.payload) for message in messages])
    count = max(1, min(STRIDE, STRIDE_BYTES * len(messages) // max(total, 1)))
    for start in range(0, len(messages), count):
        yield messages[start : start + count]


def _refused_by_database(message: Message, error: str) -> Accepted:
    """The refusal of a message that looked well. It names no device: that the device is gone may be the very cause."""
    found = identities(message.payload)
    advice = f"the database refused it ({shown(error, 160)}): report it with these bytes"
    source = Source(message.topic, message.payload, message.content_type)
    refused = Rejected(source, None, RejectionReason.WRONG_SHAPE, advice, found[0] if found else None, alive=False)
    return Accepted(rejected=[refused])


def safe_identities(accepted: Accepted) -> Iterator[tuple[int, int, int]]:
    """(device number, boot, seq) of everything in a batch: what is refused lies in quarantine, as safe as the rest."""
    for record in accepted.readings:
        yield record.device.number, record.reading.boot, record.reading.seq
    for event in accepted.events:
        yield event.device.number, event.occurrence.boot, event.occurrence.seq
    yield from (entry.identity for entry in accepted.doubtful)
    yield from (reply.identity for reply in accepted.replies)
    for refused in accepted.rejected:
        if refused.device is not None and refused.identity is not None:
            yield refused.device.number, *refused.identity
    yield from accepted.kept
