"""The alarm board: open alarms, live, the most urgent first, taken with one thumb; and one alarm with its journal."""

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from diagnostics.alarms import service
from diagnostics.alarms.schemas import Closing, Comment, HandOver, Plan, VerdictGiven
from diagnostics.console.asking import checked, fields
from diagnostics.console.board import SORTS, Placed, ordered, place
from diagnostics.console.following import follow
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.problems import not_found
from diagnostics.queries import fetch_all, fetch_one, room
from diagnostics.reach import service as reach
from diagnostics.rights import Right
from diagnostics.work import Door, Work
from fleet.plumbing.store.scope import scoped
from fleet.text import Text

_SQL: Final = room(__file__)
_SHOWN: Final = 100
_WEIGHED: Final = 400
"""So many are looked at for the order by risk, which no index knows: the most urgent ones. The page says so beyond."""


async def show_board(request: Request) -> Response:
    """The whole page, or with `part=list` only the list, for a page that is open already."""
    by = request.query_params.get("sort", "")
    by = by if by in SORTS else SORTS[0]
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_DEVICES)) as work:
        placed, count = await placed_alarms(work, by, _SHOWN)
    template = "alarm_list.html" if request.query_params.get("part") == "list" else "alarms.html"
    weighed = _WEIGHED if by == "risk" and count > _WEIGHED else None
    return page(request, template, alarms=placed, count=count, sort=by, sorts=SORTS, weighed=weighed)


async def placed_alarms(work: Work, by: str, most: int) -> tuple[list[Placed], int]:
    """The first open alarms in one of SORTS with their ladders, and how many are open in all."""
    at_risk = by == "risk"
    found, count = await service.list_open(work, SORTS[0] if at_risk else by, _WEIGHED if at_risk else most)
    asked = {"alarms": [alarm.alarm_id for alarm in found]}
    rows = await fetch_all(work.connection, _SQL["beside"], asked) if found else []
    return ordered(place(found, rows, work.registry, work.now), by)[:most], count


async def show_alarm(request: Request) -> Response:
    """One alarm: who is at risk first where it is an area's, its ladder, who was called, its journal."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    alarm_id = request.path_params["alarm_id"]
    async with door.open(caller) as work:
        alarm = await service.show_alarm(work, alarm_id)
        rows = await fetch_all(work.connection, _SQL["beside"], {"alarms": [alarm_id]})
        placed = place([alarm], rows, work.registry, work.now)[0]
        exposed = {"devices": [one.device_id for one in alarm.at_risk]}
        found = await fetch_all(work.connection, _SQL["numbers"], exposed) if alarm.at_risk else []
    async with door.open(caller) as work:
        calls = await reach.calls_of(work, alarm_id)
    numbers = {row["device_id"]: row["individual_number"] for row in found}
    return page(request, "alarm.html", alarm=alarm, placed=placed, calls=calls.calls, numbers=numbers)


async def take(request: Request) -> Response:
    """Takes an alarm, then shows the page that the form stood on."""
    form, alarm_id = await form_of(request), request.path_params["alarm_id"]
    plan = checked(Plan, {"plan": printable(str(form.get("plan", "")))}).plan
    async with Door(resources_of(request)).open(with_right(request, Right.TAKE_ALARMS)) as work:
        await service.take_alarm(work, alarm_id, plan)
    return _back(form.get("from"), alarm_id)


async def close(request: Request) -> Response:
    """Ends an alarm as done, expected or false, hands it over, gives it back so that it rings again, or comments it."""
    form, alarm_id = await form_of(request), request.path_params["alarm_id"]
    wanted, note = str(form.get("as", "")), printable(str(form.get("note", "")))
    async with Door(resources_of(request)).open(with_right(request, Right.TAKE_ALARMS)) as work:
        if wanted == "back":
            await service.hand_over(work, alarm_id, None, note)
        elif wanted == "offer":
            asked = checked(HandOver, {**fields(form, ["to"]), "note": note})
            await service.hand_over(work, alarm_id, asked.to, note)
        elif wanted == "false":
            await service.close_alarm(work, alarm_id, service.FALSE, "false", note)
        elif wanted == "comment":
            await service.comment(work, alarm_id, checked(Comment, {"note": note}).note)
        elif wanted == "verdict":
            verdict = checked(VerdictGiven, {**fields(form, ["verdict"]), "note": note})
            await service.give_verdict(work, alarm_id, verdict.verdict, note)
        elif wanted in {"resolved", "expected"}:
            verdict_word = checked(Closing, {"verdict": "true" if wanted == "resolved" else wanted}).verdict
            await service.close_alarm(work, alarm_id, service.RESOLVED, verdict_word, note)
        else:
            raise not_found(_THE_STEP)
    return _back(form.get("from"), alarm_id)


def printable(text: str) -> str:
    """A remark as it may be kept: 300 characters at most, none of them a control character."""
    return "".join(character for character in text if character.isprintable())[:300]


def _back(came_from: object, alarm_id: int) -> Response:
    return seen(f"{ROOT}/alarms/{alarm_id}" if came_from == "alarm" else f"{ROOT}/alarms")


async def stream(request: Request) -> StreamingResponse:
    """Server-sent events: a word whenever the board of this person has changed, and a sign of life in between."""
    caller, pool = with_right(request, Right.SEE_DEVICES), resources_of(request).pool

    async def mark() -> tuple[str, bool]:
        async with scoped(pool, caller.scope) as connection:
            row = await fetch_one(connection, _SQL["mark"])
        return hashlib.sha256(repr(row).encode()).hexdigest()[:16], False

    return follow(request, mark)


_THE_STEP: Final = Text("Det steget", "That step")
