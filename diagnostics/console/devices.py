"""Searching devices, and one device's page."""

from datetime import timedelta
from typing import Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.chart import Curve, curve
from diagnostics.console.gate import signed_in
from diagnostics.console.pages import ROOT, page, resources_of, seen, words_of
from diagnostics.console.scan import search_text
from diagnostics.console.strip import strip
from diagnostics.devices import history, repository, service
from diagnostics.devices.schemas import Device, DeviceQuery, EventQuery, ReadingQuery
from diagnostics.problems import invalid
from diagnostics.queries import fetch_all, room
from diagnostics.rights import Right, may
from diagnostics.security import Caller, forbidden
from diagnostics.work import Door
from fleet.clock import local_day

_SQL: Final = room(__file__)
_YEAR: Final = timedelta(days=371)
_HOURS: Final = (24, 24 * 7, 24 * 30)
_EVENTS: Final = 20


async def search_devices(request: Request) -> Response:
    """The list with its filters in the address; a search that finds exactly one device goes to its page."""
    caller = _reader(request)
    query, text = _query(request)
    async with Door(resources_of(request)).open(caller) as work:
        found = await service.search(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    if text and len(found.items) == 1 and query.cursor is None:
        return seen(f"{ROOT}/devices/{found.items[0].device_id}")
    return page(request, "devices.html", devices=found.items, cursor=found.next_cursor, text=text, classes=classes)


async def show_device(request: Request) -> Response:
    """One device: its present, faults, alarms, use over a year, a curve, and what happened last."""
    caller, door = _reader(request), Door(resources_of(request))
    device_id, now = request.path_params["device_id"], resources_of(request).clock()
    async with door.open(caller) as work:
        device = await service.show(work, device_id)
        number = (await repository.identity(work, device_id))["device_no"]
        used = await fetch_all(
            work.connection, _SQL["used_days"], {"device_no": number, "after": local_day(now) - _YEAR}
        )
    async with door.open(caller) as work:
        happened = await history.events(
            work, device_id, EventQuery.model_validate({"from": now - _YEAR, "to": now, "limit": _EVENTS})
        )
    return page(
        request,
        "device.html",
        device=device,
        strip=strip({row["local_day"]: row["used"] for row in used}, device, local_day(now), words_of(request)),
        curve=await _curve(request, door, device),
        hours=_HOURS,
        events=happened.items,
    )


async def _curve(request: Request, door: Door, device: Device) -> Curve | None:
    """The readings of the chosen metric, or of the first one that is known."""
    known = [entry for entry in device.state if entry.known and not isinstance(entry.value, bool)]
    chosen = next((entry for entry in known if entry.metric == request.query_params.get("metric")), None)
    entry = chosen or (known[0] if known else None)
    if entry is None:
        return None
    given = request.query_params.get("hours", "")
    hours = int(given) if given.isdecimal() and int(given) in _HOURS else _HOURS[1]
    now = resources_of(request).clock()
    query = ReadingQuery.model_validate(
        {"metric": entry.metric, "from": now - timedelta(hours=hours), "to": now, "points": 300}
    )
    async with door.open(_reader(request)) as work:
        found = await history.readings(work, device.device_id, query)
    return curve(found, entry, hours, device.active_faults)


def _query(request: Request) -> tuple[DeviceQuery, str]:
    text = search_text(request.query_params.get("text", ""))[:80]
    given = {name: request.query_params.get(name) or None for name in ("class", "payer", "state", "cursor")}
    try:
        return DeviceQuery.model_validate({**given, "text": text or None, "limit": 50}), text
    except ValidationError:
        raise invalid([]) from None


def _reader(request: Request) -> Caller:
    caller = signed_in(request).caller
    if not may(caller.role, Right.SEE_DEVICES):
        raise forbidden()
    return caller
