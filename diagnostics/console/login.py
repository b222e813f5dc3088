"""Signing in and out."""

import time
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.accounts import sign_in, sign_out
from diagnostics.console.gate import form_of, inside, signed_in, with_session
from diagnostics.console.pages import ROOT, SESSION_COOKIE, page, resources_of, seen, session_of
from diagnostics.security import rate_exceeded
from fleet.plumbing.logs import get_logger

_LONGEST_PASSWORD: Final = 200
_log = get_logger(part="console")


async def show_login(request: Request) -> Response:
    """The form; who is signed in already goes on."""
    if session_of(request) is not None:
        return seen(inside(request.query_params.get("next")))
    return _form(request)


async def take_login(request: Request) -> Response:
    """Opens a session. Tries are limited per network address and per login, whether they succeed or not."""
    form = await request.form()
    login, password = str(form.get("login", ""))[:64].strip().lower(), str(form.get("password", ""))
    resources = resources_of(request)
    origin = request.client.host if request.client else "unknown"
    now = time.monotonic()
    if seconds := resources.limits.refusals.wait_seconds(f"sign-in {origin}", now):
        raise rate_exceeded(seconds)
    if seconds := resources.limits.logins.wait_seconds(login, now):
        raise rate_exceeded(seconds)
    secret = await sign_in(resources.pool, login, password) if len(password) <= _LONGEST_PASSWORD else None
    if secret is None:
        _log.warning("A sign-in was refused", event_name="sign_in_refused", origin=origin)
        return _form(request, refused=True, login=login)
    return with_session(request, seen(inside(str(form.get("next", "")))), secret)


async def take_logout(request: Request) -> Response:
    """Ends the session here and in the database."""
    await form_of(request)
    await sign_out(resources_of(request).pool, signed_in(request).secret)
    answer = seen(f"{ROOT}/login?left=1")
    answer.delete_cookie(SESSION_COOKIE, path=ROOT)
    return answer


def _form(request: Request, *, refused: bool = False, login: str = "") -> Response:
    return page(
        request,
        "login.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        refused=refused,
        login=login,
        wanted=inside(request.query_params.get("next")),
        provider=resources_of(request).console.provider is not None,
        left=request.query_params.get("left") == "1",
        demo_accounts=resources_of(request).console.demo_accounts,
    )
