"""The API put together: rooms, problems, documentation, and around them the gate and the envelope."""

from copy import copy
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRouter
from starlette.datastructures import State
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from diagnostics import health, problems
from diagnostics.absences import endpoints as absences
from diagnostics.alarms import area_endpoints as area
from diagnostics.alarms import endpoints as alarms
from diagnostics.alarms import settings_endpoints as settings
from diagnostics.class_settings import endpoints as class_settings
from diagnostics.classes import endpoints as classes
from diagnostics.commands import endpoints as commands
from diagnostics.console.app import build_console
from diagnostics.console.pages import ROOT as CONSOLE
from diagnostics.devices import endpoints as devices
from diagnostics.diagnosis import endpoints as diagnosis
from diagnostics.documentation import endpoints as documentation
from diagnostics.documentation.openapi import Json, describe
from diagnostics.doses import endpoints as doses
from diagnostics.envelope import Envelope, on_failure
from diagnostics.faults import endpoints as faults
from diagnostics.gate import Gate
from diagnostics.holds import endpoints as holds
from diagnostics.idle import endpoints as idle
from diagnostics.imports import endpoints as imports
from diagnostics.lists import endpoints as lists
from diagnostics.lists import idle_endpoints as idle_list
from diagnostics.lists import payer_endpoints as payer_list
from diagnostics.loan_facts import endpoints as loan_facts
from diagnostics.orders import endpoints as orders
from diagnostics.passport import endpoints as passport
from diagnostics.payers import endpoints as payers
from diagnostics.quarantine import endpoints as quarantine
from diagnostics.reach import endpoints as reach
from diagnostics.readiness import endpoints as readiness
from diagnostics.recall import endpoints as recall
from diagnostics.reception import endpoints as reception
from diagnostics.resources import Resources
from diagnostics.sources import endpoints as sources
from diagnostics.stores import endpoints as stores
from diagnostics.timeline import endpoints as timeline
from diagnostics.wear import endpoints as wear
from diagnostics.work import Door

PREFIX = "/api/v1"
ROOMS = (
    *(devices, faults, diagnosis, commands, alarms, idle, lists, recall, passport, payers, classes, quarantine),
    *(readiness, orders, timeline, doses, settings, area, reach),
    *(holds, class_settings),
    *(absences, loan_facts, sources, stores, wear, imports, idle_list, payer_list),
)


def routes() -> FastAPI:
    """The routes alone, as the documentation is made from them."""
    app = FastAPI(
        title="Fjärrkoll",
        version="1",
        summary="Telemetry and remote diagnostics for connected assistive devices",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    rooms = APIRouter(prefix=PREFIX)
    for room in ROOMS:
        rooms.include_router(room.router)
    app.include_router(rooms)
    app.include_router(health.router)
    app.include_router(documentation.router)
    app.include_router(reception.router)
    problems.install(app)
    app.add_exception_handler(Exception, on_failure)
    return app


@cache
def declared() -> FastAPI:
    """The same, made once in a process. Nobody serves it: an application is a copy with a state of its own."""
    return routes()


@cache
def document() -> Json:
    """The routes' documentation, made once in a process, as it takes a second and a half. To be read only."""
    return describe(declared())


def build_app(resources: Resources) -> ASGIApp:
    """The whole application; `resources` must stay open while it serves."""
    app = copy(declared())
    app.state = State({"door": Door(resources), "openapi": document()})
    return Envelope(ByPath(build_console(resources), Gate(app, resources)), resources.metrics)


class ByPath:
    """Sends people's pages to the console and everything else to the API; each has a gate of its own."""

    def __init__(self, console: ASGIApp, api: ASGIApp) -> None:
        self._console = console
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        path = scope.get("path", "")
        if path == CONSOLE:
            await RedirectResponse(f"{CONSOLE}/", 308)(scope, receive, send)
            return
        await (self._console if path.startswith(f"{CONSOLE}/") else self._api)(scope, receive, send)
