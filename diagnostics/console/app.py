"""The console put together: its pages behind its gate."""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from diagnostics.console import alarms, devices, idle, login, provider_login, recalls, start, workshop
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
    Route(f"{ROOT}/alarms/{{alarm_id:int}}/take", alarms.take, methods=["POST"]),
    Route(f"{ROOT}/alarms/{{alarm_id:int}}/close", alarms.close, methods=["POST"]),
    Route(f"{ROOT}/devices", devices.search_devices),
    Route(f"{ROOT}/devices/{{device_id}}", devices.show_device),
    Route(f"{ROOT}/devices/{{device_id}}/timeline", workshop.show_timeline),
    Route(f"{ROOT}/devices/{{device_id}}/read-faults", workshop.read_faults, methods=["POST"]),
    Route(f"{ROOT}/commands/{{command_id}}", workshop.show_command),
    Route(f"{ROOT}/orders", workshop.show_orders),
    Route(f"{ROOT}/idle", idle.show_idle),
    Route(f"{ROOT}/recalls", recalls.show_cases),
    Route(f"{ROOT}/recalls", recalls.propose, methods=["POST"]),
    Route(f"{ROOT}/recalls/{{case_id:int}}", recalls.show_case),
    Route(f"{ROOT}/recalls/{{case_id:int}}", recalls.move, methods=["POST"]),
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
