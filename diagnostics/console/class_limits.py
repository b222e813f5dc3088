"""The limits of a whole class: shown with where they come from, tried before anything is saved, set from a day on."""

import hmac
from datetime import date, timedelta
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.alarms import backtest
from diagnostics.alarms.schemas import Backtest, BacktestQuery
from diagnostics.class_settings import service
from diagnostics.class_settings.schemas import ClassItem, ClassSettings, IdleLimits, NewClassValue, NewIdleLimits
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, signed_in, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.console.thresholds import proof_of
from diagnostics.problems import Problem, invalid
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.class_settings import IDLE_LIMITS
from fleet.clock import local_day

TRIED_OVER: Final = timedelta(days=14)
TRIED_ON: Final = 25
"""Devices of the class, spread over it; a region's worth would keep everybody waiting for minutes."""
_FIELDS: Final = ("what", "value", *IDLE_LIMITS, "reason", "begins", "proof", "default")


async def show_all(request: Request) -> Response:
    """Every class with what holds now; what is set here stands out."""
    caller, door, found = with_right(request, Right.ADMINISTER), Door(resources_of(request)), []
    for profile in resources_of(request).registry:
        async with door.open(caller) as work:
            found.append((profile, await service.show(work, profile.name)))
    return page(request, "class_limits.html", classes=found)


async def show_class(request: Request) -> Response:
    """One class, and of limits that are given what they would do."""
    return await _class(request)


async def save_class(request: Request) -> Response:
    """Saves limits that were tried in this session, and no others; or gives the profile's own back."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    name, given = request.path_params["name"], _given(form)
    kind, _, thing = given["what"].partition(":")
    try:
        begins = date.fromisoformat(given["begins"]) if given["begins"] else None
        if not given["default"] and not hmac.compare_digest(given["proof"], _proof(request, given)):
            raise invalid([])
        async with Door(resources_of(request)).open(caller) as work:
            if kind == "rule":
                rule, _, setting = thing.partition(".")
                value = None if given["default"] else float(given["value"])
                new = NewClassValue(value=value, reason=given["reason"], begins=begins)
                await service.set_rule(work, name, rule, setting, new)
            else:
                limits = None if given["default"] else _limits(given)
                await service.set_idle(
                    work, name, thing, NewIdleLimits(limits=limits, reason=given["reason"], begins=begins)
                )
    except (ValidationError, ValueError):
        return await _class(request, problem=invalid([]))
    except Problem as problem:
        return await _class(request, problem=problem)
    return seen(f"{ROOT}/administration/limits/{name}?saved=1")


async def _class(request: Request, problem: Problem | None = None) -> Response:
    caller, name = with_right(request, Right.ADMINISTER), request.path_params["name"]
    async with Door(resources_of(request)).open(caller) as work:
        found = await service.show(work, name)
    tried: dict[str, Any] = {
        "problem": problem,
        "estimate": None,
        "before": None,
        "after": None,
        "proof": "",
        "given": dict.fromkeys(_FIELDS, ""),
    }
    if problem is None and request.query_params.get("what"):
        tried |= await _tried(request, found)
    wrong: Problem | None = tried["problem"]
    return page(
        request,
        "class_limit.html",
        status=200 if wrong is None else int(wrong.status),
        profile=resources_of(request).registry[name],
        found=found,
        limits=IDLE_LIMITS,
        days=TRIED_OVER.days,
        today=local_day(resources_of(request).clock()),
        saved=request.query_params.get("saved") == "1",
        **tried,
    )


async def _tried(request: Request, found: ClassSettings) -> dict[str, Any]:
    """What the given limits would do, and the proof that it was shown."""
    given = _given(request.query_params)
    kind, _, thing = given["what"].partition(":")
    made: dict[str, Any] = {"given": given}
    try:
        if kind == "idle":
            async with Door(resources_of(request)).open(signed_in(request).caller) as work:
                made["estimate"] = await service.estimate(work, found.device_class, thing, _limits(given))
        else:
            given["value"] = f"{float(given['value'].replace(',', '.')):g}"
            item = next(item for item in found.items if f"{item.name}.{item.setting}" == thing)
            made |= await _replayed(request, found.device_class, item, float(given["value"]))
    except (ValidationError, ValueError, StopIteration):
        return made | {"problem": invalid([])}
    except Problem as problem:
        return made | {"problem": problem}
    return made | {"proof": _proof(request, given)}


async def _replayed(request: Request, device_class: str, item: ClassItem, value: float) -> dict[str, Backtest | None]:
    """The rule as it holds and as it would be, over the same past of the same devices; none where a schedule rules."""
    try:
        return {
            "before": await _backtest(request, device_class, item, item.holds),
            "after": await _backtest(request, device_class, item, value),
        }
    except Problem as problem:
        if problem.code != "rule_needs_schedule":
            raise
        return {"before": None, "after": None}


async def _backtest(request: Request, device_class: str, item: ClassItem, value: float) -> Backtest:
    now = resources_of(request).clock()
    asked = {"rule": item.name, "class": device_class, "setting": f"{item.setting}={value:.6f}", "most": TRIED_ON}
    query = BacktestQuery.model_validate({**asked, "from": now - TRIED_OVER, "to": now})
    async with Door(resources_of(request)).open(signed_in(request).caller) as work:
        return await backtest.run(work, query)


def _given(values: FormData | QueryParams) -> dict[str, str]:
    return {name: printable(str(values.get(name, ""))).strip() for name in _FIELDS}


def _limits(given: dict[str, str]) -> IdleLimits:
    return IdleLimits.model_validate({name: given[name] for name in IDLE_LIMITS})


def _proof(request: Request, given: dict[str, str]) -> str:
    numbers = [given["value"]] if given["what"].startswith("rule:") else [given[name] for name in IDLE_LIMITS]
    return proof_of(request, f"{request.path_params['name']} {given['what']} {' '.join(numbers)}")
