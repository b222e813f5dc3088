"""Who has read what: the audit with its filters, an extract for one device, and samples that a manager judges.

HSLF-FS 2016:40 ch. 4 s. 9 asks for systematic and recurring samples, documented; an extract tells when, from which unit
and by whom a device's data was read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from psycopg.sql import SQL

from diagnostics.administration.problems import refused
from diagnostics.problems import not_found
from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.work import Work
from fleet.text import Text

_SQL: Final = room(__file__)
PAGE: Final = 50
LONGEST_EXTRACT: Final = 100_000
LARGEST_SAMPLE: Final = 200
LONGEST_SAMPLED: Final = timedelta(days=366)
Judgement = Literal["justified", "unjustified", "unclear"]
JUDGEMENTS: Final = ("justified", "unjustified", "unclear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which lines; None is every.

    Attributes:
        device: its id or individual number.
        before: only lines older than this one's number, for the next page.
    """

    device: str | None = None
    actor: str | None = None
    unit: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who did what with whose device, when and from which unit.

    Attributes:
        listed: how many devices a list named; 0 where it was no list.
    """

    audit_id: int
    at: datetime
    actor: str
    role: str
    care_unit: str
    action: str
    device_id: str | None
    individual_number: str | None
    held: bool
    listed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A line of a sample with what was said of it; None: nothing yet."""

    line: Line
    judgement: str | None
    note: str | None
    judged_at: datetime | None
    judged_by: str | None


async def read_audit(work: Work, wish: Wish) -> tuple[list[Line], int | None]:
    """A page of lines, the newest first, and where the next page begins.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await _device(work, wish.device) if wish.device else None
    rows = await _lines(work, wish, device, PAGE + 1)
    await work.record("audit.read", None if device is None else device["device_no"], of_actor=wish.actor)
    lines = [_line(row) for row in rows[:PAGE]]
    return lines, lines[-1].audit_id if len(rows) > PAGE else None


async def extract(work: Work, wish: Wish) -> tuple[Row, list[Line]]:
    """Everybody who has seen one device's data, alone or in a list, the newest first; with the device itself.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await _device(work, wish.device or "")
    rows = await _lines(work, wish, device, LONGEST_EXTRACT)
    await work.record("audit.extract", device["device_no"], lines=len(rows))
    return device, [_line(row) for row in rows]


async def draw(work: Work, since: datetime, until: datetime, wanted: int) -> int:
    """Draws a sample of the lines about devices within a time; returns its number.

    Raises:
        Problem: the time or the number is not to be sampled, or the caller's scope is empty.
    """
    if not timedelta() < until - since <= LONGEST_SAMPLED or not 1 <= wanted <= LARGEST_SAMPLE:
        raise refused(
            "bad_sample",
            "Ange en tid på högst ett år och 1-200 läsningar.",
            "Give a time of at most a year and 1-200 reads.",
        )
    values = {"by": work.caller.name, "since": since, "until": until, "wanted": wanted}
    row = await fetch_one(work.connection, _SQL["draw_review"], values)
    number: int | None = (row or {})["review_id"]
    if number is None:
        raise refused("nothing_to_review", "Din behörighet omfattar ingen betalare.", "Your scope has no payer in it.")
    await work.record("review.draw", review=number, since=since, until=until, wanted=wanted)
    return number


async def list_reviews(work: Work) -> list[Row]:
    """The latest samples with how far they have come."""
    rows = await fetch_all(work.connection, _SQL["reviews"])
    await work.record("reviews.read")
    return rows


async def show_review(work: Work, review_id: int) -> list[Judged]:
    """A sample's lines; none where there was nothing to draw.

    Raises:
        Problem: there is no such sample in the caller's scope.
    """
    rows = await fetch_all(work.connection, _SQL["review_lines"], {"review_id": review_id})
    if not rows and not await fetch_all(work.connection, _SQL["review_drawn"], {"review_id": review_id}):
        raise not_found(Text("Granskningen", "The review"))
    found = await fetch_all(work.connection, _SQL["audit_lines"], {"ids": [row["audit_id"] for row in rows]})
    lines = {row["audit_id"]: _line(row) for row in found}
    await work.record("review.read", review=review_id)
    return [Judged(line=lines[row.pop("audit_id")], **row) for row in rows]


async def judge(work: Work, review_id: int, line: int, judgement: Judgement, note: str) -> None:
    """Says of one read whether it was justified; it stands, and nobody judges their own.

    Raises:
        Problem: there is nothing to judge, it was judged, it is the caller's own read, or a note is needed.
    """
    if judgement != "justified" and not note:
        raise refused("note_needed", "Skriv varför.", "Write why.")
    values = {"review_id": review_id, "line": line, "judgement": judgement, "note": note, "by": work.caller.name}
    row = await fetch_one(work.connection, _SQL["judge"], values)
    if not (row or {}).get("was_taken"):
        raise refused(
            "not_judged",
            "Läsningen är bedömd redan, finns inte här, eller är din egen; den bedömer någon annan.",
            "The read has been judged, is not here, or is your own; that is for somebody else.",
        )
    await work.record("review.judge", review=review_id, line=line, judgement=judgement)


async def _device(work: Work, text: str) -> Row:
    row = await fetch_one(work.connection, _SQL["find_device"], {"text": text})
    if row is None:
        raise not_found(Text("Hjälpmedlet", "The device"))
    return row


async def _lines(work: Work, wish: Wish, device: Row | None, limit: int) -> list[Row]:
    """Only conditions that are asked for, so that an index can serve them."""
    asked = {name: value for name in _CONDITIONS if (value := getattr(wish, name)) is not None}
    conditions = SQL(" AND ").join([SQL("true"), *(_CONDITIONS[name] for name in asked)])
    values: dict[str, Any] = {**asked, "device_no": device["device_no"] if device else None, "limit": limit}
    return await fetch_all(
        work.connection,
        formatted(_SQL["audit" if device is None else "audit_of_device"], conditions=conditions),
        values,
    )


_CONDITIONS: Final = {
    "actor": SQL("a.actor = %(actor)s"),
    "unit": SQL("a.care_unit = %(unit)s"),
    "action": SQL("a.action = %(action)s"),
    "since": SQL("a.at >= %(since)s"),
    "until": SQL("a.at < %(until)s"),
    "before": SQL("a.audit_id < %(before)s"),
}


def _line(row: Row) -> Line:
    names = ("audit_id", "at", "actor", "role", "care_unit", "action", "device_id", "individual_number", "held")
    return Line(**{name: row[name] for name in names}, listed=row.get("listed", 0))
