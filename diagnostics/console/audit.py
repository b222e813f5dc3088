"""Who has read what: the audit with filters in the address, an extract as a file, and samples to be judged."""

import io
from datetime import date, datetime, time, timedelta
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration import review
from diagnostics.administration.review import JUDGEMENTS, Judgement, Line, Wish
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen, words_of
from diagnostics.problems import Problem, invalid
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.clock import STOCKHOLM
from fleet.plumbing.sheets import Column, write_csv
from fleet.text import Text

_NAMES: Final = ("device", "actor", "unit", "action", "from", "to")
_COLUMNS: Final = (
    ("at", Text("Tid (svensk)", "Time (Swedish)")),
    ("care_unit", Text("Enhet", "Unit")),
    ("actor", Text("Användare", "User")),
    ("role", Text("Roll", "Role")),
    ("action", Text("Åtgärd", "Action")),
    ("kind", Text("Ensamt eller i en lista", "Alone or in a list")),
    ("held", Text("Avvikelsespärr", "Incident hold")),
)


async def show_audit(request: Request) -> Response:
    """Lines, the newest first."""
    caller = with_right(request, Right.SEE_AUDIT)
    async with Door(resources_of(request)).open(caller) as work:
        lines, cursor = await review.read_audit(work, _wish(request))
    whole = caller.scope.payers is None and len(caller.scope.frames) > 1
    return page(request, "audit.html", lines=lines, cursor=cursor, whole=whole, names_of_filters=_NAMES)


async def extract(request: Request) -> Response:
    """Everybody who has seen one device's data, as a file for the person who asks."""
    caller, speak = with_right(request, Right.SEE_AUDIT), words_of(request)
    wish = _wish(request)
    if not wish.device:
        raise invalid([])
    async with Door(resources_of(request)).open(caller) as work:
        device, lines = await review.extract(work, wish)
    columns = [Column(field=name, title=speak.text(title), explanation=speak.text(title)) for name, title in _COLUMNS]
    kinds, number = (speak.say("i en lista"), speak.say("ensamt")), device["individual_number"]
    out = io.BytesIO()
    write_csv(out, columns, (_cells(line, kinds, device["held"]) for line in lines))
    name = "".join(character for character in number if character.isascii() and character.isalnum())
    headers = {"Content-Disposition": f'attachment; filename="loggutdrag-{name or "device"}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


async def show_reviews(request: Request) -> Response:
    """The samples so far, and the form that draws one."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_AUDIT)) as work:
        found = await review.list_reviews(work)
    now = resources_of(request).clock().astimezone(STOCKHOLM).date()
    return page(request, "reviews.html", reviews=found, month_ago=now - timedelta(days=30), today=now)


async def draw_review(request: Request) -> Response:
    """Draws a sample and shows it."""
    form, caller = await form_of(request), with_right(request, Right.SEE_AUDIT)
    since, until = _day(str(form.get("from", ""))), _day(str(form.get("to", "")))
    count = str(form.get("count", ""))
    if since is None or until is None or not count.isdecimal() or len(count) > 4:
        raise invalid([])
    async with Door(resources_of(request)).open(caller) as work:
        number = await review.draw(work, since, until + timedelta(days=1), int(count))
    return seen(f"{ROOT}/audit/reviews/{number}")


async def show_review(request: Request) -> Response:
    """A sample, each read with its judgement or the form for it."""
    return await _review(request)


async def judge(request: Request) -> Response:
    """What the responsible manager says of one read; it stands."""
    form, caller = await form_of(request), with_right(request, Right.SEE_AUDIT)
    number, line = request.path_params["review_id"], str(form.get("line", ""))
    judgement = str(form.get("judgement", ""))
    if not line.isdecimal() or len(line) > 18 or judgement not in JUDGEMENTS:
        raise invalid([])
    try:
        async with Door(resources_of(request)).open(caller) as work:
            note = printable(str(form.get("note", ""))).strip()
            await review.judge(work, number, int(line), cast("Judgement", judgement), note)
    except Problem as problem:
        return await _review(request, problem)
    return seen(f"{ROOT}/audit/reviews/{number}#line-{line}")


async def _review(request: Request, problem: Problem | None = None) -> Response:
    caller = with_right(request, Right.SEE_AUDIT)
    async with Door(resources_of(request)).open(caller) as work:
        judged = await review.show_review(work, request.path_params["review_id"])
    status = 200 if problem is None else int(problem.status)
    number = request.path_params["review_id"]
    return page(
        request, "review.html", status=status, judged=judged, problem=problem, number=number, oneself=caller.name
    )


def _wish(request: Request) -> Wish:
    given = {name: printable(request.query_params.get(name, "")).strip() or None for name in _NAMES}
    before = request.query_params.get("before", "")
    since, until = _day(given["from"] or ""), _day(given["to"] or "")
    if (given["from"] and since is None) or (given["to"] and until is None):
        raise invalid([])
    return Wish(
        device=given["device"],
        actor=given["actor"],
        unit=given["unit"],
        action=given["action"],
        since=since,
        until=None if until is None else until + timedelta(days=1),
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )


def _day(text: str) -> datetime | None:
    """The beginning of a Swedish day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), STOCKHOLM)
    except ValueError:
        return None


def _cells(line: Line, kinds: tuple[str, str], held: bool) -> tuple[str, ...]:  # noqa: FBT001 - a cell
    at = f"{line.at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"
    kind = kinds[0] if line.listed else kinds[1]
    return at, line.care_unit, line.actor, line.role, line.action, kind, "JA" if held else "nej"
