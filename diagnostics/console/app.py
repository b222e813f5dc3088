"""The console put together: its pages behind its gate."""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from diagnostics.console import (
    administration,
    alarms,
    audit,
    class_limits,
    commands,
    demo,
    devices,
    diagnosis,
    fleet,
    health,
    holds,
    idle,
    ladders,
    login,
    orders,
    passport,
    prices,
    provider_login,
    readiness,
    recall_lists,
    recalls,
    register,
    start,
    thresholds,
    timeline,
)
from diagnostics.console.gate import ConsoleGate, on_error
from diagnostics.console.pages import ROOT, page, static
from diagnostics.problems import Problem, unknown_address
from diagnostics.resources import Resources

_LARGE_ENOUGH_TO_PACK: Final = 1024


async def _accessibility(request: Request) -> Response:
    return page(request, "accessibility.html")


async def _nothing_here(request: Request, error: Exception) -> Response:
    del error
    return await on_error(request, unknown_address())


_DEVICE: Final = f"{ROOT}/devices/{{device_id}}"
_DEVICES: Final = (
    Route(f"{ROOT}/devices", devices.search_devices),
    Route(_DEVICE, devices.show_device),
    Route(f"{_DEVICE}/timeline", timeline.show_timeline),
    Route(f"{_DEVICE}/diagnosis", diagnosis.show_diagnosis),
    Route(f"{_DEVICE}/commands", commands.show_commands),
    Route(f"{_DEVICE}/commands", commands.ask, methods=["POST"]),
    Route(f"{_DEVICE}/readiness", readiness.show_readiness),
    Route(f"{_DEVICE}/readiness", readiness.stage, methods=["POST"]),
    Route(f"{_DEVICE}/hold", holds.show_holds),
    Route(f"{_DEVICE}/hold", holds.place, methods=["POST"]),
    Route(f"{_DEVICE}/hold/{{hold_id:int}}/lift", holds.lift, methods=["POST"]),
    Route(f"{_DEVICE}/hold/{{hold_id:int}}/export", holds.export, methods=["POST"]),
    Route(f"{_DEVICE}/passport", passport.show_passport),
    Route(f"{_DEVICE}/orders", orders.draft, methods=["POST"]),
    Route(f"{ROOT}/commands/{{command_id}}", commands.show_command),
    Route(f"{ROOT}/commands/{{command_id}}/stream", commands.stream_command),
    Route(f"{ROOT}/commands/{{command_id}}/decide", commands.decide, methods=["POST"]),
    Route(f"{ROOT}/orders", orders.show_orders),
    Route(f"{ROOT}/orders/export", orders.export_orders),
    Route(f"{ROOT}/orders/{{order_id:int}}", orders.show_order),
    Route(f"{ROOT}/orders/{{order_id:int}}/move", orders.move, methods=["POST"]),
    Route(f"{ROOT}/readiness", readiness.show_list),
    Route(f"{ROOT}/fleet/faults", fleet.show_faults),
    Route(f"{ROOT}/fleet/versions", fleet.show_versions),
    Route(f"{ROOT}/fleet/coverage", fleet.show_coverage),
    Route(f"{ROOT}/fleet/wear", fleet.show_wear),
)
_RETURNS: Final = (
    Route(f"{ROOT}/idle", idle.show_idle),
    Route(f"{ROOT}/idle/money", idle.show_money),
    Route(f"{ROOT}/payers", idle.show_payers),
    Route(f"{ROOT}/payers/export", idle.export_payers),
    Route(f"{ROOT}/recalls", recalls.show_cases),
    Route(f"{ROOT}/recalls", recalls.propose, methods=["POST"]),
    Route(f"{ROOT}/recalls/board", recalls.show_board),
    Route(f"{ROOT}/recalls/export", recall_lists.export),
    Route(f"{ROOT}/recalls/letters", recall_lists.show_units),
    Route(f"{ROOT}/recalls/letter", recall_lists.show_letter),
    Route(f"{ROOT}/recalls/letter", recall_lists.mark_asked, methods=["POST"]),
    Route(f"{ROOT}/recalls/answers", recall_lists.show_answers),
    Route(f"{ROOT}/recalls/answers", recall_lists.take_answers, methods=["POST"]),
    Route(f"{ROOT}/recalls/pick-ups", recall_lists.show_pick_ups),
    Route(f"{ROOT}/recalls/{{case_id:int}}", recalls.show_case),
    Route(f"{ROOT}/recalls/{{case_id:int}}", recalls.move, methods=["POST"]),
)
_ADMINISTRATION: Final = (
    Route(f"{ROOT}/devices/{{device_id}}/limits", thresholds.show_limits),
    Route(f"{ROOT}/devices/{{device_id}}/limits", thresholds.save_limit, methods=["POST"]),
    Route(f"{ROOT}/administration", administration.show_administration),
    Route(f"{ROOT}/administration/accounts", administration.show_accounts),
    Route(f"{ROOT}/administration/accounts", administration.add_account, methods=["POST"]),
    Route(f"{ROOT}/administration/accounts/{{login}}", administration.show_account),
    Route(f"{ROOT}/administration/accounts/{{login}}", administration.change_account, methods=["POST"]),
    Route(f"{ROOT}/administration/ladders", ladders.show_ladders),
    Route(f"{ROOT}/administration/ladders", ladders.save_ladder, methods=["POST"]),
    Route(f"{ROOT}/administration/ladders/new", ladders.new_ladder),
    Route(f"{ROOT}/administration/ladders/{{code}}", ladders.show_ladder),
    Route(f"{ROOT}/administration/prices", prices.show_prices),
    Route(f"{ROOT}/administration/prices", prices.set_price, methods=["POST"]),
    Route(f"{ROOT}/administration/limits", class_limits.show_all),
    Route(f"{ROOT}/administration/limits/{{name}}", class_limits.show_class),
    Route(f"{ROOT}/administration/limits/{{name}}", class_limits.save_class, methods=["POST"]),
    Route(f"{ROOT}/administration/register", register.show_register),
    Route(f"{ROOT}/administration/register", register.take_register, methods=["POST"]),
    Route(f"{ROOT}/audit", audit.show_audit),
    Route(f"{ROOT}/audit/extract", audit.extract),
    Route(f"{ROOT}/audit/reviews", audit.show_reviews),
    Route(f"{ROOT}/audit/reviews", audit.draw_review, methods=["POST"]),
    Route(f"{ROOT}/audit/reviews/{{review_id:int}}", audit.show_review),
    Route(f"{ROOT}/audit/reviews/{{review_id:int}}", audit.judge, methods=["POST"]),
    Route(f"{ROOT}/health", health.show_health),
)
ROUTES: Final = (
    Route(f"{ROOT}/", start.show_start),
    Route(f"{ROOT}/login", login.show_login),
    Route(f"{ROOT}/login", login.take_login, methods=["POST"]),
    Route(provider_login.BEGIN, provider_login.begin),
    Route(provider_login.ANSWER, provider_login.take_answer),
    Route(provider_login.LEAVE, provider_login.leave),
    Route(f"{ROOT}/logout", login.take_logout, methods=["POST"]),
    Route(f"{ROOT}/alarms", alarms.show_board),
    Route(f"{ROOT}/alarms/stream", alarms.stream),
    Route(f"{ROOT}/alarms/{{alarm_id:int}}", alarms.show_alarm),
    Route(f"{ROOT}/alarms/{{alarm_id:int}}/take", alarms.take, methods=["POST"]),
    Route(f"{ROOT}/alarms/{{alarm_id:int}}/close", alarms.close, methods=["POST"]),
    *_RETURNS,
    *_DEVICES,
    Route(f"{ROOT}/demo", demo.show_panel),
    Route(f"{ROOT}/demo/watch/{{device_id}}", demo.watch),
    Route(f"{ROOT}/demo/stream/{{device_id}}", demo.stream),
    Route(f"{ROOT}/demo/{{act}}", demo.act, methods=["POST"]),
    *_ADMINISTRATION,
    Route(f"{ROOT}/accessibility", _accessibility),
    Route(f"{ROOT}/static/{{name}}", static),
)


def build_console(resources: Resources) -> ASGIApp:
    """All pages; `resources` must stay open while it serves."""
    handlers: dict[Any, Any] = {Problem: on_error, 404: _nothing_here, 405: _nothing_here, 500: on_error}
    app = Starlette(routes=list(ROUTES), exception_handlers=handlers)
    app.state.resources = resources
    return _WithState(GZipMiddleware(ConsoleGate(app), minimum_size=_LARGE_ENOUGH_TO_PACK), app)


class _WithState:
    """Makes the application known to the gate, which stands before it and shows its pages, too."""

    def __init__(self, inner: ASGIApp, app: Starlette) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        scope["app"] = self._app
        await self._inner(scope, receive, send)
