"""What every answer gets, whatever happens inside: a request id, security headers, a log line, no bare error."""

import re
import secrets
import time
from typing import Final

import psycopg
import psycopg_pool
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diagnostics.metrics import ApiMetrics
from diagnostics.problems import (
    Problem,
    answer_to,
    internal_error,
    invalid,
    language_of,
    response_to,
    took_too_long,
    unavailable,
)
from fleet.plumbing.logs import get_logger

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The server ended a statement that ran too long, or a transaction in which we reckoned too long.
_GIVEN_UP: Final = (psycopg.errors.QueryCanceled, psycopg.errors.IdleInTransactionSessionTimeout)
_log = get_logger(part="api")

# Nothing here is a page that loads anything; /docs replaces the policy by one that allows its own style sheet.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Envelope:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; other ASGI traffic passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            try:
                await self._app(scope, receive, exchange.send)
            except Exception as error:  # noqa: BLE001 - the last resort: told to the caller without details, logged in full
                await exchange.fail(error, receive)
            finally:
                self._tell(scope, exchange)

    def _tell(self, scope: Scope, exchange: "_Exchange") -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        seconds = time.monotonic() - exchange.began
        self._metrics.requests.labels(method, str(exchange.status)).inc()
        self._metrics.seconds.observe(seconds)
        route = getattr(scope.get("route"), "path", "none")
        caller = getattr(scope["state"].get("caller"), "name", "")
        _log.info(
            "Answered a request",
            event_name="request",
            method=method,
            route=route,
            status=exchange.status,
            seconds=round(seconds, 4),
            caller=caller,
        )


class _Exchange:
    """One request's way out: adds the headers, remembers what was sent."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._scope = scope
        self._headers = Headers(scope=scope)
        self.began = time.monotonic()
        self.status = 0
        given = self._headers.get("x-request-id", "")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        problem = problem_behind(error)
        if problem.status >= 500:
            _log.exception("A request failed", event_name="request_failed", code=problem.code)
        if self.status == 0:
            language = language_of(self._headers.get("accept-language"))
            await response_to(problem, language, self.request_id)(self._scope, receive, self.send)


async def on_failure(request: Request, error: Exception) -> Response:
    """What nobody foresaw, told as a problem document; the framework raises it once more, and the envelope logs it."""
    return answer_to(request, problem_behind(error))


def problem_behind(error: Exception) -> Problem:
    """The problem that an error is to the caller."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, psycopg.errors.DataError):
        return invalid([])
    if isinstance(error, _GIVEN_UP):
        return took_too_long()
    if isinstance(error, psycopg.OperationalError | psycopg_pool.PoolTimeout | psycopg_pool.TooManyRequests):
        return unavailable()
    return internal_error()
