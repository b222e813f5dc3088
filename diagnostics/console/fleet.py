"""The fleet as pages: fault groups, software versions, who can report and does, life and wear of models."""

from datetime import datetime
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, filters
from diagnostics.console.gate import with_right
from diagnostics.console.idle import MOST_GROUPS
from diagnostics.console.pages import page, resources_of
from diagnostics.console.survival import survival_curve
from diagnostics.faults import fleet_service
from diagnostics.faults.fleet_schemas import GroupQuery, Groups, Period, UnknownCodes, UnknownQuery
from diagnostics.idle import service as idle
from diagnostics.idle.schemas import Grouping, MoneyQuery
from diagnostics.queries import Row, fetch_all, room
from diagnostics.readiness import service as readiness
from diagnostics.rights import Right
from diagnostics.security import Caller
from diagnostics.side_by_side import side_by_side
from diagnostics.wear import service as wear
from diagnostics.wear.counting import KEPT, LIVE_UP_TO
from diagnostics.wear.schemas import WearQuery
from diagnostics.work import Door, Work

_SQL: Final = room(__file__)


async def show_faults(request: Request) -> Response:
    """The same fault on all devices of a model and module, with rates and trends; and the codes that nobody knows."""
    caller, door = with_right(request, Right.SEE_ORDERS), Door(resources_of(request))
    query = checked(GroupQuery, filters(request, ("class", "model", "days", "new_only")))
    asked = checked(UnknownQuery, filters(request, ["class"]))
    found, unknown = await side_by_side(_groups(door, caller, query), _unknown(door, caller, asked))
    classes = {profile.name: profile.title for profile in door.resources.registry}
    periods, days = [int(period) for period in Period], int(query.days)
    return page(
        request, "fleet_faults.html", groups=found, unknown=unknown.items, classes=classes, periods=periods, days=days
    )


async def _groups(door: Door, caller: Caller, query: GroupQuery) -> Groups:
    async with door.open(caller) as work:
        return await fleet_service.groups(work, query)


async def _unknown(door: Door, caller: Caller, query: UnknownQuery) -> UnknownCodes:
    async with door.open(caller) as work:
        return await fleet_service.unknown(work, query)


async def show_versions(request: Request) -> Response:
    """Of one model: approved versions, and how many devices run which."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    async with door.open(caller) as work:
        models = await fetch_all(work.connection, _SQL["models"])
        await work.record("models.read")
    wanted = request.query_params.get("model", "")
    model, versions, counted_at = None, list[dict[str, Any]](), None
    if any(entry["model_key"] == wanted for entry in models):
        async with door.open(caller) as work:
            model = await readiness.model(work, wanted)
            versions, counted_at = await _versions(work, wanted)
    approved = {entry.version: entry for entry in model.software if entry.withdrawn_at is None} if model else {}
    return page(
        request,
        "fleet_versions.html",
        models=models,
        model=model,
        versions=versions,
        counted_at=counted_at,
        approved=approved,
        wanted=wanted,
    )


async def _versions(work: Work, model_key: str) -> tuple[list[Row], datetime | None]:
    """How many devices run which software; of many devices as the worker counted them, and when that was."""
    asked = {"model_key": model_key, "since": work.now - KEPT}
    kept = await fetch_all(work.connection, _SQL["versions_counted"], asked)
    if sum(row["devices"] for row in kept) > LIVE_UP_TO:
        return kept, kept[0]["counted_at"]
    return await fetch_all(work.connection, _SQL["versions"], asked), None


async def show_coverage(request: Request) -> Response:
    """Of all on loan: how many can report and how many do; every other figure of the platform rests on this one."""
    query = checked(MoneyQuery, {"by": "class", **filters(request, ["by"]), "limit": MOST_GROUPS})
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_IDLE)) as work:
        found = await idle.money(work, query)
    groupings: tuple[Any, ...] = get_args(Grouping)
    return page(request, "fleet_coverage.html", found=found, groupings=groupings)


async def show_wear(request: Request) -> Response:
    """How long models last and what they need, with the number that each figure rests on; of one model its curve."""
    query = checked(WearQuery, filters(request, ["class"]))
    caller, door = with_right(request, Right.SEE_WEAR), Door(resources_of(request))
    async with door.open(caller) as work:
        found = await wear.list_models(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    wanted, model = request.query_params.get("model", ""), None
    if any(entry.model_key == wanted for entry in found.items):
        async with door.open(caller) as work:
            model = await wear.show_model(work, wanted)
    drawn = None if model is None else survival_curve(model)
    return page(request, "fleet_wear.html", found=found, classes=classes, model=model, drawn=drawn, wanted=wanted)
