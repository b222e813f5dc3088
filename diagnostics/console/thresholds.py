"""One device's alarm limits: tried on what has happened before anything is saved."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.alarms import backtest, settings
from diagnostics.alarms.schemas import Backtest, BacktestQuery
from diagnostics.alarms.settings import NewSetting, SettingItem
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, signed_in, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.devices import service as devices
from diagnostics.problems import Problem, invalid
from diagnostics.rights import Right, may
from diagnostics.work import Door

TRIED_OVER: Final = timedelta(days=28)


async def show_limits(request: Request) -> Response:
    """What may be set, and of a value that is given, what it would have done over the last four weeks."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    device_id, query = request.path_params["device_id"], request.query_params
    async with door.open(caller) as work:
        found = await settings.show(work, device_id)
    async with door.open(caller) as work:
        device = await devices.show(work, device_id)
    chosen = _chosen(found.items, query.get("setting", ""))
    tried: dict[str, Any] = {"value": None, "before": None, "after": None, "problem": None, "proof": ""}
    if chosen is not None and query.get("value"):
        tried |= await _tried(request, chosen, device.device_class, query["value"])
    return page(
        request,
        "limits.html",
        status=200 if tried["problem"] is None else int(tried["problem"].status),
        device=device,
        items=found.items,
        chosen=chosen,
        may_set=may(caller.role, Right.SET_RULES),
        days=TRIED_OVER.days,
        saved=query.get("saved") == "1",
        **tried,
    )


async def save_limit(request: Request) -> Response:
    """Saves a value that was tried, and no other; an empty one gives the rule's own back."""
    form, caller = await form_of(request), with_right(request, Right.SET_RULES)
    device_id = request.path_params["device_id"]
    given = {name: printable(str(form.get(name, ""))).strip() for name in ("setting", "value", "reason", "proof")}
    rule, _, setting = given["setting"].partition(".")
    if given["value"] and not hmac.compare_digest(given["proof"], _proof(request, given["setting"], given["value"])):
        raise invalid([])
    try:
        new = NewSetting(value=float(given["value"]) if given["value"] else None, reason=given["reason"])
    except (ValidationError, ValueError):
        raise invalid([]) from None
    async with Door(resources_of(request)).open(caller) as work:
        await settings.change(work, device_id, rule, setting, new)
    return seen(f"{ROOT}/devices/{device_id}/limits?saved=1")


async def _tried(request: Request, chosen: SettingItem, device_class: str, text: str) -> dict[str, Any]:
    """The rule as it is and as it would be over the same past, and the proof that it was tried."""
    spelled = text.strip().replace(",", ".")
    try:
        value = float(spelled)
        present = chosen.default if chosen.value is None else chosen.value
        before: Backtest | None = await _backtest(request, chosen, device_class, present)
        after: Backtest | None = await _backtest(request, chosen, device_class, value)
    except ValueError:
        return {"problem": invalid([]), "value": text}
    except Problem as problem:
        if problem.code != "rule_needs_schedule":
            return {"problem": problem, "value": text}
        before = after = None
    spelled = f"{value:g}"
    return {"before": before, "after": after, "value": spelled, "proof": _proof(request, _name(chosen), spelled)}


async def _backtest(request: Request, chosen: SettingItem, device_class: str, value: float) -> Backtest:
    now = resources_of(request).clock()
    query = BacktestQuery.model_validate(
        {
            "rule": chosen.rule,
            "class": device_class,
            "device_id": request.path_params["device_id"],
            "setting": f"{chosen.setting}={value:.6f}",
            "from": now - TRIED_OVER,
            "to": now,
        }
    )
    async with Door(resources_of(request)).open(signed_in(request).caller) as work:
        return await backtest.run(work, query)


def _chosen(items: list[SettingItem], name: str) -> SettingItem | None:
    return next((item for item in items if _name(item) == name), None)


def _name(item: SettingItem) -> str:
    return f"{item.rule}.{item.setting}"


def _proof(request: Request, setting: str, value: str) -> str:
    """That this person, in this session, has seen what this value does to this device."""
    return proof_of(request, f"{request.path_params['device_id']} {setting} {value}")


def proof_of(request: Request, tried: str) -> str:
    """That something was tried in this very session; nothing else makes it."""
    return hmac.new(signed_in(request).form_key.encode(), f"tried {tried}".encode(), hashlib.sha256).hexdigest()
