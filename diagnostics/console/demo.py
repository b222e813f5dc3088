"""The demo's panel: makes something happen to a simulated device and shows it travel through the system."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from diagnostics.console.following import follow
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen, words_of
from diagnostics.devices import service as devices
from diagnostics.devices.schemas import Device
from diagnostics.problems import Problem, unknown_address
from diagnostics.queries import fetch_one, room
from diagnostics.resources import DemoPanel
from diagnostics.rights import Right
from diagnostics.security import Caller
from diagnostics.work import Door
from fleet.plumbing.store.scope import scoped

ACTS: Final = ("jam", "area", "battery", "idle")
_PUT_ASIDE: Final = "idle"
_SQL: Final = room(__file__)
_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way through the system.

    Attributes:
        name: what it is called, see `words.DEMO_STEPS`.
        taken: whether it has been taken; False: not yet, or not for this person's eyes.
        at: when, where that is known.
    """

    name: str
    taken: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """All steps, from the moment the device was told to begin."""

    begun: datetime
    steps: tuple[Step, ...]

    @property
    def over(self) -> bool:
        """Whether it has got as far as it can."""
        return all(step.taken for step in self.steps)


async def show_panel(request: Request) -> Response:
    """What can be made to happen, the first steps of a guided tour, and devices that were put aside long ago."""
    panel, caller = _panel(request), with_right(request, Right.SEE_DEVICES)
    idle = []
    for device_id in panel.idle:
        try:
            async with Door(resources_of(request)).open(caller) as work:
                idle.append(await devices.show(work, device_id))
        except Problem:
            continue
    return page(request, "demo.html", acts=ACTS, idle=idle)


async def act(request: Request) -> Response:
    """Makes it happen and goes on to watch the first device it happened to."""
    await form_of(request)
    with_right(request, Right.SEE_DEVICES)
    wanted = request.path_params["act"]
    if wanted not in ACTS:
        raise unknown_address()
    done = await _ask(_panel(request), {"do": wanted})
    if not done.get("devices"):
        return page(request, "demo.html", acts=ACTS, idle=(), nothing="spent" if "devices" in done else "early")
    return seen(f"{ROOT}/demo/watch/{done['devices'][0]}?since={int(done['at'] * 1000)}&act={wanted}")


async def watch(request: Request) -> Response:
    """The steps so far; a page that is open renews them from the same address."""
    panel, caller = _panel(request), with_right(request, Right.SEE_DEVICES)
    async with Door(resources_of(request)).open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    way = await _way(request, panel, caller, device)
    act = request.query_params.get("act", "")
    return page(
        request,
        "demo_watch.html",
        device=device,
        way=way,
        act=act if act in ACTS else "jam",
        since=f"{request.query_params.get('since', '')[:14]}",
    )


async def stream(request: Request) -> StreamingResponse:
    """Says whenever a step has been taken."""
    panel, caller = _panel(request), with_right(request, Right.SEE_DEVICES)
    async with Door(resources_of(request)).open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])

    async def mark() -> tuple[str, bool]:
        way = await _way(request, panel, caller, device)
        return "".join("x" if step.taken else "-" for step in way.steps), way.over

    return follow(request, mark)


async def _way(request: Request, panel: DemoPanel, caller: Caller, device: Device) -> Way:
    given = request.query_params.get("since", "")
    since = datetime.fromtimestamp(int(given[:14]) / 1000, UTC) if given[:14].isdecimal() else words_of(request).now
    asked = {"device_id": device.device_id, "since": since}
    aside = request.query_params.get("act") == _PUT_ASIDE
    async with scoped(resources_of(request).pool, caller.scope) as connection:
        if aside:
            found = await fetch_one(connection, _SQL["put_aside"], asked) or {}
            past = Step("stored", taken=bool(found.get("stored")))
            return Way(since, (past, *(_timed(name, found.get(name)) for name in ("judged", "proposed"))))
        found = await fetch_one(connection, _SQL["travelled"], asked) or {}
    told = await _ask(panel, {"notified": found["alarm_ids"]}) if found.get("alarm_ids") else {}
    stored, alarm = found.get("stored"), found.get("alarm")
    # Who may not see the fault itself sees its alarm, and no alarm is raised of what is not stored.
    first = Step("stored", taken=stored is not None or alarm is not None, at=stored)
    return Way(since, (first, _timed("alarm", alarm), Step("notified", taken=bool(told.get("notified")))))


def _timed(name: str, at: datetime | None) -> Step:
    return Step(name, at is not None, at)


async def _ask(panel: DemoPanel, wish: dict[str, object]) -> dict[str, Any]:
    """The director's answer; nothing where it is gone."""
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            answer = await client.post(panel.url, json=wish, headers={"X-Key": panel.key})
            answer.raise_for_status()
            return dict(answer.json())
    except httpx.HTTPError:
        return {}


def _panel(request: Request) -> DemoPanel:
    """The demo's panel; outside the demo there is no such page."""
    panel = resources_of(request).console.demo_panel
    if panel is None:
        raise unknown_address()
    return panel
