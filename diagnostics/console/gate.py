"""The console's door: a session for every page but a few, forms of our own only, not too often, small bodies."""

import hmac
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diagnostics.console.accounts import Session, find_session
from diagnostics.console.pages import ROOT, SESSION_COOKIE, error_page, resources_of, session_of
from diagnostics.envelope import problem_behind
from diagnostics.gate import LARGEST_BODY, read_body, replayed
from diagnostics.problems import Problem
from diagnostics.rights import Right, may
from diagnostics.security import Caller, forbidden, rate_exceeded
from fleet.plumbing.logs import get_logger
from fleet.text import Text

OPEN: Final = frozenset(
    {f"{ROOT}/login", f"{ROOT}/login/provider", f"{ROOT}/login/answer", f"{ROOT}/login/leave", f"{ROOT}/accessibility"}
)
_SESSION_SECONDS: Final = 12 * 3600
_STATIC: Final = f"{ROOT}/static/"
_READS: Final = frozenset({"GET", "HEAD"})
_REDIRECTS: Final = frozenset({302, 303, 307})
FORM_KEY: Final = "form_key"
# A returned list is a workbook; what stands around it in the form is small.
LARGER_BODIES: Final = dict.fromkeys(
    (f"{ROOT}/recalls/answers", f"{ROOT}/administration/register"), 4 * 1024**2 + LARGEST_BODY
)
_log = get_logger(part="console")


class ConsoleGate:
    """Lets a signed-in person through, everybody else to the login page; errors become pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request of a page."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            stopped = await self._admit(request)
            body = await read_body(Headers(scope=scope), receive, LARGER_BODIES.get(scope["path"], LARGEST_BODY))
        except Problem as problem:
            stopped = error_page(request, problem)
            body = b""
        await (stopped or self._app)(scope, replayed(body, receive), _leading_on(request, send))

    async def _admit(self, request: Request) -> Response | None:
        state = request.scope.setdefault("state", {})
        state["session"] = None
        path = request.url.path
        if path.startswith(_STATIC):
            return None
        if request.method not in _READS and not from_own_pages(request.headers):
            raise _foreign_form()
        resources = resources_of(request)
        session = await find_session(resources.pool, request.cookies.get(SESSION_COOKIE))
        if session is None:
            return None if path in OPEN else _to_login(request)
        seconds = resources.limits.requests.wait_seconds(session.caller.name, time.monotonic())
        if seconds:
            raise rate_exceeded(seconds)
        state["session"], state["caller"] = session, session.caller
        return None


def from_own_pages(headers: Headers) -> bool:
    """Whether a form came from a page of this very site, by what the browser says and a page cannot forge."""
    origin = headers.get("origin")
    if origin is not None and origin != "null":
        return urlsplit(origin).netloc == headers.get("host")
    return headers.get("sec-fetch-site") in {"same-origin", "none"}


async def form_of(request: Request) -> FormData:
    """The fields of a form of this session.

    Raises:
        Problem: it does not carry the session's key: it is old, or another site made it.
    """
    form, session = await request.form(), session_of(request)
    given = str(form.get(FORM_KEY, ""))
    if session is None or not hmac.compare_digest(given, session.form_key):
        await form.close()
        raise _foreign_form()
    return form


def signed_in(request: Request) -> Session:
    """The session of a page that the gate never shows to anybody else."""
    session = session_of(request)
    if session is None:
        raise RuntimeError("a page behind the gate was asked for without a session")
    return session


def with_right(request: Request, right: Right) -> Caller:
    """The signed-in person, if the role has a right.

    Raises:
        Problem: it has not.
    """
    caller = signed_in(request).caller
    if not may(caller.role, right):
        raise forbidden()
    return caller


async def on_error(request: Request, error: Exception) -> Response:
    """Whatever goes wrong on a page is told on a page; details stay in the log."""
    problem = problem_behind(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("A page failed", event_name="page_failed", code=problem.code, exc_info=error)
    return error_page(request, problem)


def with_session(request: Request, answer: Response, secret: str) -> Response:
    """An answer that gives the browser its session."""
    answer.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=_SESSION_SECONDS,
        path=ROOT,
        httponly=True,
        samesite="lax",
        secure=resources_of(request).console.secure_cookies,
    )
    return answer


def inside(address: str | None) -> str:
    """Where to go after signing in: only ever a page of ours."""
    if address and address.startswith(f"{ROOT}/") and "\\" not in address and not address.startswith("//"):
        return address
    return f"{ROOT}/"


def _leading_on(request: Request, send: Send) -> Send:
    """A part of a page that is renewed must not be filled with another page: the whole window goes where this leads.

    htmx would follow a redirect unseen; it goes to what `HX-Redirect` names (htmx.org/reference, response headers).
    """
    if request.headers.get("hx-request") != "true":
        return send

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in _REDIRECTS:
            renamed = [(b"hx-redirect" if name == b"location" else name, value) for name, value in message["headers"]]
            message = {**message, "status": int(HTTPStatus.OK), "headers": renamed}
        await send(message)

    return told


def _to_login(request: Request) -> Response:
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = f"?next={quote(address)}" if request.method in _READS else ""
    return RedirectResponse(f"{ROOT}/login{wanted}", 303)


def _foreign_form() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "foreign_form",
        Text("Formuläret gäller inte längre", "The form is no longer valid"),
        Text("Gå tillbaka, ladda om sidan och försök igen.", "Go back, load the page again and try once more."),
    )
