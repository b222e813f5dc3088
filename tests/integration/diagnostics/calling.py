"""Recipients, ladders and time for tests of escalation: what an administrator sets up, and a clock that moves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from diagnostics.escalation.start import begin
from diagnostics.notify.channel import Accepted
from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from fleet.plumbing.database import Pool
from fleet.signals import Audience
from tests.integration.diagnostics.conftest import Store

# Columns that hold a time at which something is due: moving them all back is the same as time passing.
_CLOCKS = {
    "escalation": ("due_at", "started_at"),
    "escalation_call": ("due_at", "called_at"),
    "notification": ("next_attempt_at", "created_at", "receipt_due_at", "sent_at"),
    "silence": ("starts_at", "ends_at"),
    "acknowledge_link": ("created_at", "expires_at"),
    "alarm": ("raised_at",),
}


def travel(store: Store, **by: float) -> None:
    """Lets time pass, by the database's clock: every stored time moves back."""
    for table, columns in _CLOCKS.items():
        store.execute(
            f"UPDATE {table} SET " + ", ".join(f"{column} = {column} - %s" for column in columns),  # noqa: S608 - ours
            *[timedelta(**by)] * len(columns),
        )


def add_recipient(store: Store, code: str, addresses: Mapping[str, str], role: str = "carer", **more: Any) -> int:
    """A recipient whose channels are tried in the order given."""
    quiet, canary, active = more.get("quiet", []), more.get("canary", False), more.get("active", True)
    store.execute(
        "INSERT INTO recipient (code, role, quiet, canary, active) VALUES (%s, %s, %s, %s, %s)",
        code,
        role,
        Jsonb(quiet),
        canary,
        active,
    )
    [(recipient_id,)] = store.all("SELECT recipient_id FROM recipient WHERE code = %s", code)
    for place, (channel, address) in enumerate(addresses.items()):
        store.execute("INSERT INTO recipient_address VALUES (%s, %s, %s, %s)", recipient_id, channel, address, place)
    return int(recipient_id)


def add_ladder(
    store: Store, code: str, steps: Sequence[tuple[float, Sequence[str]]], last_resort: Sequence[str], **used: Any
) -> None:
    """A ladder, and where it is used: `device_no=`, `payer_id=`, `device_class=`; everywhere where nothing is said."""
    document = {
        "code": code,
        "steps": [{"wait_minutes": minutes, "call": list(call)} for minutes, call in steps],
        "last_resort": list(last_resort),
    }
    store.execute("INSERT INTO ladder (code, document, set_by) VALUES (%s, %s, 'test')", code, Jsonb(document))
    names = ["ladder", *used]
    places = ", ".join(["%s"] * len(names))
    store.execute(f"INSERT INTO ladder_use ({', '.join(names)}) VALUES ({places})", code, *used.values())  # noqa: S608


async def start(pool: Pool, store: Store, device_no: int, channels: Sequence[str], *, safety: bool = True) -> int:
    """An alarm on its ladder."""
    number = store.alarm(device_no, "jam", Audience.CARE)
    store.execute("UPDATE alarm SET safety = %s WHERE alarm_id = %s", safety, number)
    async with pool.connection() as connection, connection.transaction():
        [(now,)] = await (await connection.execute("SELECT clock_timestamp()")).fetchall()
        await begin(connection, [number], now, channels)
    return number


def called(store: Store, alarm_id: int) -> list[tuple[int, list[str]]]:
    """The step of each call and who was called."""
    rows = store.all("SELECT position, recipients FROM escalation_call WHERE alarm_id = %s ORDER BY call_no", alarm_id)
    return [(position, recipients) for position, recipients in rows]


@dataclass
class Provider:
    """A channel in place of a provider outside: it keeps what it got, and can fail, lie and be slow."""

    name: str
    receipts_within: timedelta | None = None
    answers: list[Failure | None] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> Accepted | Failure | None:
        self.got.append(message)
        failure = self.answers.pop(0) if self.answers else None
        if failure is not None:
            return failure
        return Accepted(f"{self.name}-{len(self.got)}") if self.receipts_within else None

    async def close(self) -> None:
        pass

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.got]


def body(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.body)
    return found
