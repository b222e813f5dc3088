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
from diagnostics.problems import Problem, unknown_address
from diagnostics.queries import fetch_one, room
from diagnostics.resources import DemoPanel
from diagnostics.rights import Right
from diagnostics.security import Caller
from diagnostics.work import Door
from fleet.plumbing.store.scope import scoped

ACTS: Final = ("jam", "area", "battery")
_SQL: Final = room(__file__)
_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Steps:
    """When each step was taken; None: not yet, or not for this person's eyes."""

    published: datetime
    stored: datetime | None
    alarm: datetime | None
    notified: bool

    @property
    def over(self) -> bool:
        """Whether it has got as far as it can."""
        return self.notified and self.alarm is not None and self.stored is not None


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
        return page(request, "demo.html", acts=ACTS, idle=(), nothing=True)
    return seen(f"{ROOT}/demo/watch/{done['devices'][0]}?since={int(done['at'] * 1000)}&act={wanted}")


async def watch(request: Request) -> Response:
    """The steps so far; `part=steps` is only what changes."""
    panel, caller = _panel(request), with_right(request, Right.SEE_DEVICES)
    async with Door(resources_of(request)).open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    steps = await _steps(request, panel, caller, device.device_id)
    template = "demo_steps.html" if request.query_params.get("part") == "steps" else "demo_watch.html"
    return page(request, template, device=device, steps=steps, since=request.query_params.get("since", "0"))


async def stream(request: Request) -> StreamingResponse:
    """Says whenever a step has been taken."""
    panel, caller = _panel(request), with_right(request, Right.SEE_DEVICES)
    device_id = request.path_params["device_id"]
    async with Door(resources_of(request)).open(caller) as work:
        await devices.show(work, device_id)

    async def mark() -> tuple[str, bool]:
        steps = await _steps(request, panel, caller, device_id)
        return f"{steps.stored is not None}-{steps.alarm is not None}-{steps.notified}", steps.over

    return follow(request, mark)


async def _steps(request: Request, panel: DemoPanel, caller: Caller, device_id: str) -> Steps:
    given = request.query_params.get("since", "")
    since = datetime.fromtimestamp(int(given[:14]) / 1000, UTC) if given[:14].isdecimal() else words_of(request).now
    async with scoped(resources_of(request).pool, caller.scope) as connection:
        row = await fetch_one(connection, _SQL["travelled"], {"device_id": device_id, "since": since})
    told = await _ask(panel, {"notified": device_id})
    found: dict[str, Any] = row or {"stored": None, "alarm": None}
    return Steps(since, found["stored"], found["alarm"], bool(told.get("notified")) and found["alarm"] is not None)


async def _ask(panel: DemoPanel, wish: dict[str, str]) -> dict[str, Any]:
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
