"""Decides what is shown of alarms, and who takes one."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from diagnostics.alarms import repository
from diagnostics.alarms.engine import Why
from diagnostics.alarms.schemas import (
    AlarmDetail,
    AlarmItem,
    AlarmQuery,
    AtRiskItem,
    ChildItem,
    JournalItem,
    Precision,
    PrecisionItem,
    PrecisionQuery,
)
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.text import Text

RESOLVED: Final = "resolved"
FALSE: Final = "false"
_ENDED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        Why.CONDITION_ENDED: Text("Villkoret gäller inte längre.", "The condition no longer holds."),
        Why.RULE_REMOVED: Text("Larmregeln finns inte längre.", "The alarm rule no longer exists."),
        Why.NOT_ON_LOAN: Text("Hjälpmedlet är inte uthyrt.", "The device is not on loan."),
        Why.KNOWN_TOO_LATE: Text("Blev känt för sent för att ringa.", "Became known too late to ring."),
        RESOLVED: Text("Åtgärdat av en person.", "Resolved by a person."),
        FALSE: Text("Falskt larm enligt en person.", "A false alarm, as a person says."),
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


async def list_open(work: Work, order: str, most: int) -> tuple[list[AlarmItem], int]:
    """The first `most` open alarms in one of `repository.ORDERS`, and how many are open in all."""
    rows = await repository.search(work, order, all=False, limit=most)
    count = len(rows) if len(rows) < most else await repository.count_open(work)
    await work.record("alarms.read", devices=sorted({row["device_no"] for row in rows}))
    return [alarm_item(row) for row in rows], count


async def open_alarms(work: Work, device_no: int) -> list[AlarmItem]:
    """The open alarms of a device, for its page."""
    return [alarm_item(row) for row in await repository.search(work, device_no=device_no, all=False)]


async def show_alarm(work: Work, alarm_id: int) -> AlarmDetail:
    """One alarm with its journal.

    Raises:
        Problem: no such alarm in the caller's scope.
    """
    row = await _one(work, alarm_id)
    await work.record("alarm.read", row["device_no"], alarm_id=alarm_id)
    exposed: list[dict[str, Any]] = row["detail"].get("devices", [])
    held = await repository.held_among(work, [entry["device_id"] for entry in exposed])
    return AlarmDetail(
        **alarm_item(row).model_dump(),
        corrected_at=row["corrected_at"],
        journal=[JournalItem(**entry) for entry in await repository.journal(work, alarm_id)],
        at_risk=[AtRiskItem(**entry, held=entry["device_id"] in held) for entry in exposed],
        children=[ChildItem(**entry) for entry in await repository.children(work, alarm_id)],
    )


async def take_alarm(work: Work, alarm_id: int, plan: str = "") -> AlarmItem:
    """Takes an alarm; the one who has it may ask again without harm.

    Raises:
        Problem: no such alarm in the caller's scope, it has ended, or somebody else has taken it.
    """
    taken_now = await repository.take(work, alarm_id, plan)
    row = await _one(work, alarm_id)
    if not taken_now and row["taken_by"] != work.caller.name:
        raise _already_over() if row["cleared_at"] is not None else _already_taken()
    await work.record("alarm.take", row["device_no"], alarm_id=alarm_id, changed=taken_now)
    return alarm_item(row)


async def hand_over(work: Work, alarm_id: int, to: str | None, note: str) -> AlarmItem:
    """Offers a taken alarm to somebody by name, who has it when they take it; to nobody, and it rings again.

    Raises:
        Problem: no such alarm in the caller's scope, or it is not the caller's to hand over.
    """
    done = await (repository.give_back(work, alarm_id) if to is None else repository.offer(work, alarm_id, to))
    row = await _one(work, alarm_id)
    if not done:
        raise _already_over() if row["cleared_at"] is not None else _not_yours()
    if to is None:
        await repository.write(work, alarm_id, "given_back", note)
    else:
        await repository.write(work, alarm_id, "offered", note, to=to)
    await work.record("alarm.hand_over", row["device_no"], alarm_id=alarm_id, to=to)
    return alarm_item(row)


async def close_alarm(work: Work, alarm_id: int, why: str, verdict: str, note: str) -> AlarmItem:
    """Ends an alarm in a person's name; it rests until its condition has ended, then a new one may ring.

    Raises:
        Problem: no such alarm in the caller's scope, or it has ended.
    """
    done = await repository.close(work, alarm_id, why, verdict)
    row = await _one(work, alarm_id)
    if not done:
        raise _already_over()
    await repository.write(work, alarm_id, why, note, verdict=verdict)
    await work.record("alarm.close", row["device_no"], alarm_id=alarm_id, why=why, verdict=verdict)
    return alarm_item(row)


async def comment(work: Work, alarm_id: int, note: str) -> AlarmItem:
    """Adds a remark to an alarm's journal, whether it is open or over.

    Raises:
        Problem: no such alarm in the caller's scope.
    """
    row = await _one(work, alarm_id)
    await repository.write(work, alarm_id, "commented", note)
    await work.record("alarm.comment", row["device_no"], alarm_id=alarm_id)
    return alarm_item(row)


async def give_verdict(work: Work, alarm_id: int, verdict: str, note: str) -> AlarmItem:
    """Says what an alarm that is over was.

    Raises:
        Problem: no such alarm in the caller's scope, or it is still open.
    """
    done = await repository.judge_it(work, alarm_id, verdict)
    row = await _one(work, alarm_id)
    if not done:
        raise _still_open()
    await repository.write(work, alarm_id, "verdict", note, verdict=verdict)
    await work.record("alarm.verdict", row["device_no"], alarm_id=alarm_id, verdict=verdict)
    return alarm_item(row)


async def precision(work: Work, query: PrecisionQuery) -> Precision:
    """What was raised in a period and how much of it was right, by what people said."""
    rows = await repository.precision(work, query.start, query.end)
    await work.record("alarms.precision", start=query.start, end=query.end)
    return Precision(items=[PrecisionItem(**row, precision=_precision(row)) for row in rows])


def _precision(row: Row) -> float | None:
    right = row["judged_true"] + row["judged_expected"]
    judged = right + row["judged_false"]
    return None if judged == 0 else round(right / judged, 4)


def ended_words(why: str) -> Text:
    """Why an alarm ended, in words."""
    return _ENDED.get(why, Text(why, why))


def alarm_item(row: Row) -> AlarmItem:
    """One alarm as it is shown."""
    why = row["cleared_why"]
    ended = None if why is None else BilingualText.of(ended_words(why))
    return AlarmItem(
        **{name: row[name] for name in AlarmItem.model_fields if name in row and name != "cleared_why"},
        title=BilingualText(sv=row["title_sv"], en=row["title_en"]),
        reason=BilingualText(sv=row["reason_sv"], en=row["reason_en"]),
        cleared_why=ended,
        told_through=row["quieted_by"],
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


def _not_yours() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "alarm_not_yours",
        Text("Larmet är inte ditt att lämna över", "The alarm is not yours to hand over"),
        Text("Kvittera det först, eller be den som har det.", "Take it first, or ask the one who has it."),
    )


def _still_open() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "alarm_open",
        Text("Larmet pågår", "The alarm is still open"),
        Text(
            "Avsluta det med `resolve` eller `false`; omdömet följer med.",
            "End it with `resolve` or `false`; the verdict goes with it.",
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
