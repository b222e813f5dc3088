"""Reads what readiness looks at; what the caller may not see, the database does not give."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from psycopg.sql import SQL

from diagnostics.problems import not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, formatted, room
from diagnostics.work import Work
from fleet.text import Text

_SQL: Final = room(__file__)
# An older answer says too little of a clock that drifts.
ANSWER_IS_GOOD_FOR: Final = timedelta(days=7)
# One literal condition per way of choosing, so that each is served by its own index.
_CHOICES: Final[Mapping[str, SQL]] = {
    "depot": SQL("d.depot_id = (SELECT depot_id FROM depot WHERE code = %(choice)s)"),
    "model": SQL("d.model_key = %(choice)s"),
    "unit": SQL(
        "d.device_no IN (SELECT l.device_no FROM loan l JOIN prescriber r USING (prescriber_id)"
        " WHERE r.code = %(choice)s AND l.ended_at IS NULL)"
    ),
}


async def facts(work: Work, devices: Sequence[int]) -> list[Row]:
    """What is known of devices, in the order of their individual numbers."""
    parameters = {"devices": list(devices), "answers_since": work.now - ANSWER_IS_GOOD_FOR}
    return await fetch_all(work.connection, _SQL["facts"], parameters)


async def by_numbers(work: Work, numbers: Sequence[str]) -> list[Row]:
    """Devices by individual number or device id."""
    return await fetch_all(work.connection, _SQL["by_numbers"], {"numbers": list(numbers)})


async def chosen(work: Work, way: str, choice: str, after: str | None, limit: int) -> list[Row]:
    """Devices of a depot, a model or a prescribing unit, in the order of their individual numbers."""
    statement = formatted(_SQL["chosen"], condition=_CHOICES[way])
    return await fetch_all(work.connection, statement, {"choice": choice, "after": after, "limit": limit})


async def model(work: Work, model_key: str) -> Row:
    """A model.

    Raises:
        Problem: there is none of that key.
    """
    row = await fetch_one(work.connection, _SQL["model"], {"model_key": model_key})
    if row is None:
        raise not_found(Text("Modellen", "The model"))
    return row


async def approve(work: Work, model_key: str, version: str, note: str) -> None:
    """Makes a version the wanted one."""
    parameters = {"model_key": model_key, "version": version, "note": note, "by": work.caller.name, "now": work.now}
    await execute(work.connection, _SQL["approve"], parameters)


async def withdraw(work: Work, model_key: str, version: str, note: str) -> bool:
    """Takes an approval back; false where there is none."""
    parameters = {"model_key": model_key, "version": version, "note": note, "by": work.caller.name, "now": work.now}
    return bool(await execute(work.connection, _SQL["withdraw"], parameters))


async def approvals(work: Work, model_key: str) -> list[Row]:
    """Approved versions of a model, the wanted one first, those withdrawn last."""
    return await fetch_all(work.connection, _SQL["approvals"], {"model_key": model_key})


async def schedules(work: Work, model_key: str) -> list[Row]:
    """The maker's schedule of a model."""
    return await fetch_all(work.connection, _SQL["schedules"], {"model_key": model_key})


async def schedule(work: Work, model_key: str, kind: str, every_days: int | None, source: str) -> None:
    """Sets the maker's schedule for one kind of service."""
    parameters = {
        "model_key": model_key,
        "kind": kind,
        "every_days": every_days,
        "source": source,
        "by": work.caller.name,
        "now": work.now,
    }
    await execute(work.connection, _SQL["schedule"], parameters)


async def note_service(  # noqa: PLR0913 - a service is told in full where it is noted
    work: Work, device_no: int, kind: str, done_on: date, *, passed: bool, note: str
) -> None:
    """Writes down that a service was done."""
    parameters: dict[str, Any] = {
        "device_no": device_no,
        "kind": kind,
        "done_on": done_on,
        "passed": passed,
        "note": note,
        "by": work.caller.name,
        "now": work.now,
    }
    await execute(work.connection, _SQL["note_service"], parameters)
