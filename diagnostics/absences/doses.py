"""What the doses' pages are told of an absence counts for the idle verdict, too: it is the same person who is away."""

from typing import Final

from diagnostics.queries import execute, room
from diagnostics.work import Work
from fleet.clock import local_day

_SQL: Final = room(__file__)


async def follow_doses(work: Work, device_id: str, reason: str) -> None:
    """Registers an absence from today for the pause of dose alarms that is open, once; without an audit line."""
    values = {"device_id": device_id, "kind": reason, "today": local_day(work.now), "now": work.now}
    await execute(work.connection, _SQL["follow_doses"], {**values, "by": work.caller.name})


async def end_with_doses(work: Work, device_id: str) -> None:
    """Ends what `follow_doses` began, or what rested dose alarms, with the pause of its dose alarms."""
    await execute(work.connection, _SQL["end_with_doses"], {"device_id": device_id, "today": local_day(work.now)})
