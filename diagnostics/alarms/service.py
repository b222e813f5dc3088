"""Decides what is shown of alarms, and who takes one."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from diagnostics.alarms import repository
from diagnostics.alarms.engine import Why
from diagnostics.alarms.schemas import AlarmItem, AlarmQuery
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.text import Text

_ENDED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        Why.CONDITION_ENDED: Text("Villkoret gäller inte längre.", "The condition no longer holds."),
        Why.RULE_REMOVED: Text("Larmregeln finns inte längre.", "The alarm rule no longer exists."),
        Why.NOT_ON_LOAN: Text("Hjälpmedlet är inte uthyrt.", "The device is not on loan."),
        "the loan ended": Text("Uthyrningen upphörde.", "The loan ended."),
    }
)
_THE_ALARM: Final = Text("Larmet", "The alarm")


async def list_alarms(work: Work, query: AlarmQuery) -> Page[AlarmItem]:
    """A page of alarms that every given filter lets through, newest first."""
    after = decode_cursor(query.cursor, tuple[int])
    filters = query.model_dump(exclude={"cursor", "limit", "state"})
    rows = await repository.search(
        work, **filters, all=query.state == "all", after=after[0] if after else None, limit=query.limit + 1
    )
    page, cursor = cut(rows, query.limit, lambda row: (row["alarm_id"],))
    await work.record("alarms.read", devices=sorted({row["device_no"] for row in page}))
    return Page(items=[alarm_item(row) for row in page], next_cursor=cursor)


async def open_alarms(work: Work, device_no: int) -> list[AlarmItem]:
    """The open alarms of a device, for its page."""
    return [alarm_item(row) for row in await repository.search(work, device_no=device_no, all=False)]


async def show_alarm(work: Work, alarm_id: int) -> AlarmItem:
    """One alarm.

    Raises:
        Problem: no such alarm in the caller's scope.
    """
    row = await _one(work, alarm_id)
    await work.record("alarm.read", row["device_no"], alarm_id=alarm_id)
    return alarm_item(row)


async def take_alarm(work: Work, alarm_id: int) -> AlarmItem:
    """Takes an alarm; the one who has it may ask again without harm.

    Raises:
        Problem: no such alarm in the caller's scope, it has ended, or somebody else has taken it.
    """
    taken_now = await repository.take(work, alarm_id)
    row = await _one(work, alarm_id)
    if not taken_now and row["taken_by"] != work.caller.name:
        raise _already_over() if row["cleared_at"] is not None else _already_taken()
    await work.record("alarm.take", row["device_no"], alarm_id=alarm_id, changed=taken_now)
    return alarm_item(row)


def alarm_item(row: Row) -> AlarmItem:
    """One alarm as it is shown."""
    why = row["cleared_why"]
    ended = None if why is None else BilingualText.of(_ENDED.get(why, Text(why, why)))
    return AlarmItem(
        **{name: row[name] for name in AlarmItem.model_fields if name in row and name != "cleared_why"},
        title=BilingualText(sv=row["title_sv"], en=row["title_en"]),
        reason=BilingualText(sv=row["reason_sv"], en=row["reason_en"]),
        cleared_why=ended,
    )


async def _one(work: Work, alarm_id: int) -> Row:
    rows = await repository.search(work, alarm_id=alarm_id, limit=1)
    if not rows:
        raise not_found(_THE_ALARM)
    return rows[0]


def _already_taken() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "alarm_taken",
        Text("Larmet är redan kvitterat", "The alarm is taken already"),
        Text(
            "Någon annan har kvitterat det; läs larmet för att se vem.",
            "Somebody else has taken it; read the alarm to see who.",
        ),
    )


def _already_over() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "alarm_over",
        Text("Larmet har redan upphört", "The alarm has ended already"),
        Text(
            "Det behöver inte kvitteras; läs larmet för att se varför.",
            "It need not be taken; read the alarm to see why.",
        ),
    )
