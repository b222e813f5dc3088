"""The seam to the alarm engine: an alarm begins and ends its ladder in the transaction that raises or settles it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from diagnostics.escalation.stepping import step
from diagnostics.queries import execute, room
from fleet.clock import aware
from fleet.ladder import DEFAULT
from fleet.ladder_document import write_ladder
from fleet.plumbing.database import Connection

_SQL: Final = room(__file__)


async def begin(connection: Connection, alarm_ids: Sequence[int], now: datetime, channels: Sequence[str] = ()) -> None:
    """Puts alarms on their ladders and makes the first calls, in the caller's transaction.

    An alarm that stands on its ladder already is left where it is, so that beginning twice is harmless; one whose
    ladder was ended, such as a child of an area alarm that goes its own way again, begins anew.

    Args:
        connection: in the transaction that raises the alarms, as the worker's role.
        alarm_ids: alarms that are open and not taken.
        now: by the database's clock.
        channels: names of the channels that are set up.
    """
    if not alarm_ids:
        return
    parameters = {
        "alarms": list(alarm_ids),
        "default": Jsonb(write_ladder(DEFAULT)),
        "default_code": DEFAULT.code,
        "now": aware(now),
    }
    await execute(connection, _SQL["begin"], parameters)
    await step(connection, channels, now, alarm_ids)


async def end(connection: Connection, alarm_ids: Sequence[int], why: str, now: datetime) -> None:
    """Takes alarms off their ladders, in the caller's transaction; nobody is called about them any more.

    Needed only where an alarm stays open, such as under an area alarm: whoever takes or clears one ends its ladder by
    that (trigger `alarm_settled`). A safety cause is never taken off for another reason than these.
    """
    if alarm_ids:
        await execute(connection, _SQL["end"], {"alarms": list(alarm_ids), "why": why, "now": aware(now)})
