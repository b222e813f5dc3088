"""Searching devices, and one device's page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, get_args
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, filters
from diagnostics.console.chart import SIGNS, Curve, curve
from diagnostics.console.gate import with_right
from diagnostics.console.language import Words
from diagnostics.console.pages import ROOT, page, resources_of, seen, words_of
from diagnostics.console.plot import plotted
from diagnostics.console.scan import search_text
from diagnostics.console.strip import Strip, strip
from diagnostics.console.window import CHOICES, Window, window
from diagnostics.devices import history, repository, service
from diagnostics.devices.schemas import (
    Device,
    DeviceQuery,
    EventItem,
    EventQuery,
    MetricState,
    ReadingQuery,
    Readings,
    StateWord,
)
from diagnostics.queries import fetch_all, room
from diagnostics.resources import Resources
from diagnostics.rights import Right
from diagnostics.security import Caller
from diagnostics.side_by_side import side_by_side
from diagnostics.timeline import service as timeline
from diagnostics.timeline.schemas import Entry, TimelineQuery
from diagnostics.work import Door, Work
from fleet.clock import local_day

_SQL: Final = room(__file__)
_YEAR: Final = timedelta(days=371)
_EVENTS: Final = 20
_MARKS: Final = 200
_POINTS: Final = 300


async def search_devices(request: Request) -> Response:
    """The list with its filters in the address; a search that finds exactly one device goes to its page."""
    caller = with_right(request, Right.SEE_DEVICES)
    text = search_text(request.query_params.get("text", ""))[:80]
    query = checked(
        DeviceQuery,
        {
            **filters(request, ("class", "payer", "state", "cursor")),
            "text": text or None,
            "limit": 50,
        },
    )
    async with Door(resources_of(request)).open(caller) as work:
        found = await service.search(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    if text and len(found.items) == 1 and query.cursor is None:
        return seen(f"{ROOT}/devices/{found.items[0].device_id}")
    return page(
        request,
        "devices.html",
        devices=found.items,
        cursor=found.next_cursor,
        text=text,
        classes=classes,
        states=get_args(StateWord),
    )


async def show_device(request: Request) -> Response:
    """One device: its present, faults, alarms, use over a year, a curve, and what happened last."""
    caller, resources = with_right(request, Right.SEE_DEVICES), resources_of(request)
    door, device_id, now = Door(resources), request.path_params["device_id"], resources.clock()
    async with door.open(caller) as work:
        device = await service.show(work, device_id)
        year = await year_of_use(work, device, words_of(request))
    shown = window(request.query_params, now)
    events, drawn = await side_by_side(
        _events(door, caller, device_id, now), _curve(request, door, caller, device, shown)
    )
    return page(
        request,
        "device.html",
        device=device,
        strip=year,
        curve=drawn,
        plotted=None if drawn is None else plotted(drawn, shown, words_of(request)),
        window=shown,
        choices=CHOICES,
        moves=shown.links(now),
        signs=SIGNS,
        grafana=grafana_address(resources, device, shown),
        events=events,
    )


async def year_of_use(work: Work, device: Device, words: Words) -> Strip:
    """The picture of a year of one device's use; part of a piece of work that has told the audit whose it is."""
    today = local_day(work.now)
    number = (await repository.identity(work, device.device_id))["device_no"]
    used = await fetch_all(work.connection, _SQL["used_days"], {"device_no": number, "after": today - _YEAR})
    begins = None if device.loan is None else local_day(device.loan.started_at)
    return strip({row["local_day"]: row["used"] for row in used}, begins, today, words)


def grafana_address(resources: Resources, device: Device, shown: Window) -> str | None:
    """Where the class's dashboard shows this device over the same time; None where no Grafana is set."""
    base = resources.console.grafana_url
    if base is None or device.device_class not in resources.registry:
        return None
    start, end = (_milliseconds(moment) for moment in (shown.start, shown.end))
    board = f"{base.rstrip('/')}/d/fk-class-{quote(device.device_class)}"
    return f"{board}?var-device={quote(device.device_id)}&from={start}&to={'now' if shown.follows else end}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


async def _curve(request: Request, door: Door, caller: Caller, device: Device, shown: Window) -> Curve | None:
    """The readings of the chosen metric, or of the first one that is known, with what happened meanwhile."""
    entry = _chosen(device.state, request.query_params.get("metric"))
    if entry is None:
        return None
    # Devices may be a few minutes ahead and still be believed (fleet.clock).
    end = shown.end + timedelta(minutes=10) if shown.follows else shown.end
    asked = {"metric": entry.metric, "from": shown.start, "to": end, "points": _POINTS}
    found, marks = await side_by_side(
        _readings(door, caller, device.device_id, checked(ReadingQuery, asked)),
        _marks(door, caller, device.device_id, end),
    )
    return curve(found, entry, marks)


async def _events(door: Door, caller: Caller, device_id: str, now: datetime) -> Sequence[EventItem]:
    """What happened last, up to a year back."""
    query = checked(EventQuery, {"from": now - _YEAR, "to": now, "limit": _EVENTS})
    async with door.open(caller) as work:
        return (await history.events(work, device_id, query)).items


async def _readings(door: Door, caller: Caller, device_id: str, query: ReadingQuery) -> Readings:
    async with door.open(caller) as work:
        return await history.readings(work, device_id, query)


def _chosen(states: Sequence[MetricState], wanted: str | None) -> MetricState | None:
    known = [entry for entry in states if entry.known and not isinstance(entry.value, bool)]
    return next((entry for entry in known if entry.metric == wanted), known[0] if known else None)


async def _marks(door: Door, caller: Caller, device_id: str, end: datetime) -> Sequence[Entry]:
    """Faults, commands, loans and new software, the newest first; a loan's own data never tells of an earlier one."""
    query = checked(TimelineQuery, {"kind": list(SIGNS), "before": end, "limit": _MARKS})
    async with door.open(caller) as work:
        return (await timeline.show(work, device_id, query)).items
