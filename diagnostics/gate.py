"""The gate before the application: a valid token for every address but a few, not too often, with a small body."""

import asyncio
import time
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diagnostics.problems import Problem, too_large
from diagnostics.resources import Resources
from diagnostics.security import find_caller, not_authenticated, rate_exceeded
from fleet.list_rows import ListKind
from fleet.text import Text

# The health pages say only "alive" and "ready"; the documentation is the same for everyone and holds nobody's data.
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json"})
# Each request here carries a proof of its own: a one-time token in the address, a signature over the body.
OPEN_BRANCHES: Final = ("/a/", "/api/v1/receipts/")
LARGEST_BODY: Final = 64 * 1024
LARGER_BODIES: Final = {
    "/api/v1/recalls/answers": 4 * 1024**2,
    **{f"/api/v1/imports/{kind}": 4 * 1024**2 for kind in ListKind},
}
"""Addresses that take a file, with what they take at most."""
BODY_SECONDS: Final = 10.0


class Gate:
    """Lets through who may ask, with the caller in the request's state.

    In front of every route it cannot be forgotten on one, and it tells a stranger nothing about which addresses exist.
    """

    def __init__(self, app: ASGIApp, resources: Resources) -> None:
        self._app = app
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, or raises the problem that stops it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(OPEN_BRANCHES):
            self._slow_down(scope)
        elif scope["path"] not in OPEN_PATHS:
            await self._admit(scope)
        largest = LARGER_BODIES.get(scope["path"], LARGEST_BODY)
        body = await read_body(Headers(scope=scope), receive, largest)
        await self._app(scope, replayed(body, receive), send)

    def _slow_down(self, scope: Scope) -> str:
        """Refuses an address that was refused too often; returns the address."""
        origin: str = (scope.get("client") or ("unknown",))[0]
        seconds = self._resources.limits.refusals.would_wait(origin, time.monotonic())
        if seconds:
            raise rate_exceeded(seconds)
        return origin

    async def _admit(self, scope: Scope) -> None:
        limits = self._resources.limits
        origin = self._slow_down(scope)
        caller = await find_caller(self._resources.pool, Headers(scope=scope).get("authorization"))
        if caller is None:
            self._resources.metrics.refused_tokens.inc()
            limits.refusals.wait_seconds(origin, time.monotonic())
            raise not_authenticated()
        seconds = limits.requests.wait_seconds(caller.name, time.monotonic())
        if seconds:
            raise rate_exceeded(seconds)
        scope["state"]["caller"] = caller


async def read_body(headers: Headers, receive: Receive, largest: int = LARGEST_BODY) -> bytes:
    """The whole body, which no request but a file needs to be large.

    Raises:
        Problem: it is larger than `largest`, or does not arrive within BODY_SECONDS.
    """
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 12 or int(declared) > largest:
        raise too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > largest:
                    raise too_large()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            "too_slow",
            Text("Innehållet kom inte fram i tid", "The body did not arrive in time"),
            Text("Skicka hela begäran inom tio sekunder.", "Send the whole request within ten seconds."),
        ) from None


def replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, as if it were yet to be received."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
