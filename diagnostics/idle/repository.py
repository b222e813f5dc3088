"""Reads the idle list and its denominators; what the caller may not see, the database neither gives nor counts."""

from datetime import date
from typing import Any, Final

from diagnostics.queries import Row, fetch_all, formatted, room
from diagnostics.verdicts import JUDGED, limits
from diagnostics.work import Work

_SQL: Final = room(__file__)


async def idle(work: Work, filters: dict[str, Any], today: date) -> list[Row]:
    """Devices with one of the verdicts, the longest since first; `filters` has every parameter of the query."""
    statement = formatted(_SQL["idle"], judged=JUDGED)
    return await fetch_all(work.connection, statement, {**limits(work.registry, today), **filters})


async def counts(work: Work, device_class: str | None, payer: str | None, today: date) -> list[Row]:
    """How many devices there are per verdict and step, with their rent."""
    parameters = {**limits(work.registry, today), "device_class": device_class, "payer": payer}
    return await fetch_all(work.connection, formatted(_SQL["summary"], judged=JUDGED), parameters)
