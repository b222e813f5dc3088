"""What FastAPI calls on the way to an endpoint is a coroutine: a plain function would be called in another thread."""

from collections.abc import Iterator
from inspect import iscoroutinefunction

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from diagnostics.app import ROOMS


def every(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from every(below)


def test_no_request_waits_for_a_thread() -> None:
    called = [
        (route.path, found.call)
        for room in ROOMS
        for route in room.router.routes
        if isinstance(route, APIRoute)
        for found in every(route.dependant)
    ]
    assert len(called) > 200
    assert [(path, call) for path, call in called if not iscoroutinefunction(call)] == []
