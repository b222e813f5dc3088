"""Signing in through the identity provider: out with three secrets, back with a code, in only where all of it fits."""

import secrets
import time
from http import HTTPStatus
from typing import Any, Final

from psycopg.sql import SQL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from diagnostics.console.accounts import open_session
from diagnostics.console.claims import Admission, NotAdmittedError, admit
from diagnostics.console.gate import inside, with_session
from diagnostics.console.identity import IdentityProvider, ProviderError, new_attempt, secret_hash
from diagnostics.console.pages import ROOT, resources_of, seen
from diagnostics.problems import Problem, unknown_address
from diagnostics.queries import execute, fetch_one
from diagnostics.security import rate_exceeded
from fleet.plumbing.logs import get_logger
from fleet.plumbing.store.register import ROLE_AUDIENCES
from fleet.text import Text

BEGIN: Final = f"{ROOT}/login/provider"
ANSWER: Final = f"{ROOT}/login/answer"
LEAVE: Final = f"{ROOT}/login/leave"
_BROWSER_COOKIE: Final = "fjarrkoll_login"
_ATTEMPT_SECONDS: Final = 600
_LONGEST: Final = 4096
_BEGIN: Final = SQL("SELECT begin_login(%s, %s, %s, %s, %s)")
_TAKE: Final = SQL("SELECT * FROM take_login(%s, %s)")
_PROVISION: Final = SQL("SELECT provision_account(%s, %s, %s, %s, %s, %s, %s, %s) AS account_id")
_log = get_logger(part="console")


async def begin(request: Request) -> Response:
    """Sends the browser to the provider, with a cookie by which the answer is known to belong to this browser."""
    provider, resources = _provider(request), resources_of(request)
    if seconds := resources.limits.refusals.wait_seconds(f"sign-in {_origin(request)}", time.monotonic()):
        raise rate_exceeded(seconds)
    attempt, browser = new_attempt(), secrets.token_urlsafe(32)
    try:
        address = await provider.address(attempt)
    except ProviderError as error:
        raise _refused(request, str(error), _unreachable()) from None
    wanted = inside(request.query_params.get("next"))
    async with resources.pool.connection() as connection:
        values = [secret_hash(attempt.state), secret_hash(browser), attempt.verifier, attempt.nonce, wanted]
        await execute(connection, _BEGIN, values)
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        _BROWSER_COOKIE,
        browser,
        max_age=_ATTEMPT_SECONDS,
        path=f"{ROOT}/login",
        httponly=True,
        samesite="lax",
        secure=resources.console.secure_cookies,
    )
    return answer


async def take_answer(request: Request) -> Response:
    """Opens a session for whom the provider names, where state, browser, code, verifier, nonce and signature fit."""
    provider, resources = _provider(request), resources_of(request)
    if seconds := resources.limits.refusals.wait_seconds(f"sign-in {_origin(request)}", time.monotonic()):
        raise rate_exceeded(seconds)
    taken = await _taken(request)
    code, said = _parameter(request, "code"), _parameter(request, "error")
    if said or not code:
        raise _refused(request, "provider_said_no", _not_signed_in())
    try:
        issuer = request.query_params.get("iss")
        claims = await provider.claims(code, taken["verifier"], taken["nonce"], issuer)
        admission = admit(provider.settings.mapping, claims)
    except ProviderError as error:
        raise _refused(request, str(error), _not_signed_in()) from None
    except NotAdmittedError as error:
        raise _refused(request, str(error), _no_rights()) from None
    account_id = await _account(request, claims, admission)
    if account_id is None:
        raise _refused(request, "account_shut_or_taken", _no_rights())
    secret = await open_session(resources.pool, account_id)
    answer = with_session(request, seen(taken["wanted"]), secret)
    answer.delete_cookie(_BROWSER_COOKIE, path=f"{ROOT}/login")
    return answer


async def leave(request: Request) -> Response:
    """To the provider's own sign-out; a link and not a form's answer, for a form may lead to pages of ours alone."""
    try:
        address = await _provider(request).logout_address()
    except ProviderError as error:
        raise _refused(request, str(error), _unreachable()) from None
    return RedirectResponse(address or f"{ROOT}/login", HTTPStatus.SEE_OTHER)


async def _taken(request: Request) -> dict[str, Any]:
    """The attempt that this answer finishes; it is used up by this, whatever comes of it."""
    state, browser = _parameter(request, "state"), request.cookies.get(_BROWSER_COOKIE, "")
    if not state or not browser or len(browser) > _LONGEST:
        raise _refused(request, "no_attempt", _not_signed_in())
    async with resources_of(request).pool.connection() as connection:
        row = await fetch_one(connection, _TAKE, [secret_hash(state), secret_hash(browser)])
    if row is None:
        raise _refused(request, "unknown_state", _not_signed_in())
    return row


async def _account(request: Request, claims: dict[str, Any], admission: Admission) -> int | None:
    audiences = [audience.value for audience in ROLE_AUDIENCES[admission.role.value]]
    payers = None if admission.payers is None else list(admission.payers)
    person = [str(claims["iss"]), str(claims["sub"]), admission.login]
    values = [*person, admission.role.value, admission.care_unit, payers, list(admission.frames), audiences]
    async with resources_of(request).pool.connection() as connection:
        row = await fetch_one(connection, _PROVISION, values)
    found: int | None = (row or {}).get("account_id")
    return found


def _provider(request: Request) -> IdentityProvider:
    provider = resources_of(request).console.provider
    if provider is None:
        raise unknown_address()
    return provider


def _parameter(request: Request, name: str) -> str:
    return request.query_params.get(name, "")[:_LONGEST]


def _origin(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _refused(request: Request, why: str, problem: Problem) -> Problem:
    _log.warning(
        "A sign-in by the identity provider was refused",
        event_name="provider_sign_in_refused",
        why=why,
        origin=_origin(request),
    )
    return problem


def _not_signed_in() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "not_signed_in",
        Text("Inloggningen gick inte igenom", "The sign-in did not go through"),
        Text(
            "Den var för gammal, avbröts eller hörde inte till den här webbläsaren. Börja om på inloggningssidan.",
            "It was too old, was broken off or did not belong to this browser. Start again on the sign-in page.",
        ),
    )


def _no_rights() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "not_admitted",
        Text("Du har ingen behörighet här", "You have no rights here"),
        Text(
            "Din organisation känner dig, men ingen roll i Fjärrkoll följer av ditt uppdrag. Be din chef ordna det.",
            "Your organisation knows you, but no role in Fjärrkoll follows from your assignment. Ask your manager.",
        ),
    )


def _unreachable() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "provider_unreachable",
        Text("Organisationens inloggning svarar inte", "Your organisation's sign-in does not answer"),
        Text("Försök igen om en stund.", "Try again in a while."),
        headers={"Retry-After": "30"},
    )
