"""The alarm board: open alarms, the most urgent first, live; taken with one thumb."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from typing import Final

import psycopg
import psycopg_pool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from diagnostics.alarms import service
from diagnostics.alarms.schemas import AlarmItem, AlarmQuery
from diagnostics.console.accounts import find_session
from diagnostics.console.gate import form_of, signed_in
from diagnostics.console.pages import ROOT, SESSION_COOKIE, page, resources_of, seen
from diagnostics.queries import fetch_one, room
from diagnostics.resources import Resources
from diagnostics.rights import Right, may
from diagnostics.security import Caller, forbidden
from diagnostics.work import Door
from fleet.faults import Severity
from fleet.plumbing.store.scope import scoped

_SQL: Final = room(__file__)
LOOK_SECONDS: Final = 0.5
"""How often the board looks for a change; a change is on the screen within a second."""
LONGEST_SECONDS: Final = 300.0
"""A stream ends after this long and the browser asks again, so that an ended session is noticed."""


def most_urgent(items: Iterable[AlarmItem]) -> list[AlarmItem]:
    """Alarms in the order in which a person should look at them: untaken, safety, severity, longest waiting."""
    return sorted(items, key=lambda a: (a.taken_at is not None, not a.safety, -Severity(a.severity).rank, a.raised_at))


async def show_board(request: Request) -> Response:
    """The whole page, or with `part=list` only the list, for a page that is open already."""
    caller = signed_in(request).caller
    if not may(caller.role, Right.SEE_DEVICES):
        raise forbidden()
    async with Door(resources_of(request)).open(caller) as work:
        found = await service.list_alarms(work, AlarmQuery(limit=200))
    template = "alarm_list.html" if request.query_params.get("part") == "list" else "alarms.html"
    return page(request, template, alarms=most_urgent(found.items), more=found.next_cursor is not None)


async def take(request: Request) -> Response:
    """Takes an alarm, then shows the board again."""
    await form_of(request)
    caller = signed_in(request).caller
    if not may(caller.role, Right.TAKE_ALARMS):
        raise forbidden()
    async with Door(resources_of(request)).open(caller) as work:
        await service.take_alarm(work, request.path_params["alarm_id"])
    return seen(f"{ROOT}/alarms")


async def close(request: Request) -> Response:
    """Ends a taken alarm as done or false, or gives it back so that it rings again."""
    form = await form_of(request)
    caller, alarm_id = signed_in(request).caller, request.path_params["alarm_id"]
    if not may(caller.role, Right.TAKE_ALARMS):
        raise forbidden()
    note = printable(str(form.get("note", "")))
    async with Door(resources_of(request)).open(caller) as work:
        if form.get("as") == "back":
            await service.hand_over(work, alarm_id, None, note)
        elif form.get("as") == "false":
            await service.close_alarm(work, alarm_id, service.FALSE, "false", note)
        else:
            await service.close_alarm(work, alarm_id, service.RESOLVED, "true", note)
    return seen(f"{ROOT}/alarms")


def printable(text: str) -> str:
    """A remark as it may be kept: 300 characters at most, none of them a control character."""
    return "".join(character for character in text if character.isprintable())[:300]


async def stream(request: Request) -> Response:
    """Server-sent events: a line whenever the board of this person has changed, and a sign of life in between."""
    session = signed_in(request)
    if not may(session.caller.role, Right.SEE_DEVICES):
        raise forbidden()
    return StreamingResponse(
        _changes(resources_of(request), request.cookies.get(SESSION_COOKIE), session.caller),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _changes(resources: Resources, secret: str | None, caller: Caller) -> AsyncIterator[str]:
    """Ends when the database does not answer or the session is over: the page then says that it is stale."""
    seen_before = ""
    yield "retry: 1000\n\n"
    for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
        try:
            mark = await _mark(resources, caller)
            if mark != seen_before and await find_session(resources.pool, secret) is None:
                return
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            return
        yield f"event: {'alive' if mark == seen_before else 'changed'}\nid: {mark}\ndata: {mark}\n\n"
        seen_before = mark
        await asyncio.sleep(LOOK_SECONDS)


async def _mark(resources: Resources, caller: Caller) -> str:
    """A digest of what the person's board shows: it tells that something changed, and nothing of what."""
    async with scoped(resources.pool, caller.scope) as connection:
        row = await fetch_one(connection, _SQL["mark"])
    return hashlib.sha256(repr(row).encode()).hexdigest()[:16]
