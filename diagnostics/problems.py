"""Errors as RFC 9457 problem documents, in Swedish or English; nothing the caller sent is ever repeated in one."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from diagnostics.validation import described_errors
from fleet.errors import FjarrkollError
from fleet.text import Text

MEDIA_TYPE: Final = "application/problem+json"

Json = dict[str, Any]


class Problem(FjarrkollError):  # noqa: N818 - RFC 9457 calls it a problem
    """A refusal or failure that the caller is told of.

    Args:
        status: the HTTP status.
        code: the stable word a program can act on.
        title: what kind of problem it is.
        detail: what to do about it; never contains what the caller sent.
        headers: further response headers, such as Retry-After.
        extra: further members of the document, from our own data only.
    """

    def __init__(  # noqa: PLR0913 - an error is told in full where it is raised
        self,
        status: HTTPStatus,
        code: str,
        title: Text,
        detail: Text,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail.en}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def document(self, language: str, request_id: str) -> Json:
        """The problem document in "sv" or "en"."""
        return {
            "type": f"urn:fjarrkoll:problem:{self.code}",
            "title": self.title.to(language),
            "status": int(self.status),
            "detail": self.detail.to(language),
            "instance": f"urn:fjarrkoll:request:{request_id}",
            "code": self.code,
            **self.extra,
        }


def response_to(problem: Problem, language: str, request_id: str) -> Response:
    """The HTTP response that carries a problem."""
    headers = {"Content-Language": language, **problem.headers}
    return JSONResponse(problem.document(language, request_id), problem.status, headers, MEDIA_TYPE)


def language_of(accept_language: str | None) -> str:
    """Swedish or English ("sv", "en"), whichever an Accept-Language header names first; else English."""
    for part in (accept_language or "").lower().split(","):
        tag = part.split(";")[0].strip().split("-")[0]
        if tag in {"sv", "en"}:
            return tag
    return "en"


def from_http_status(status: int) -> Problem:
    """The problem behind a bare HTTP error of the framework."""
    known = {
        404: unknown_address(),
        405: Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            Text("Metoden finns inte", "Method not allowed"),
            Text(
                "Adressen finns, men inte med den metoden; se /docs.",
                "The address exists, but not with that method; see /docs.",
            ),
        ),
        400: not_json(),
        413: too_large(),
    }
    return known.get(status) or Problem(
        HTTPStatus(status),
        "http_error",
        Text("Begäran kunde inte besvaras", "The request could not be answered"),
        Text("Se /docs för hur adressen används.", "See /docs for how the address is used."),
    )


def unknown_address() -> Problem:
    """No such address."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "unknown_address",
        Text("Adressen finns inte", "No such address"),
        Text("Se /docs för de adresser som finns.", "See /docs for the addresses there are."),
    )


def not_found(what: Text) -> Problem:
    """A thing that does not exist or that the caller may not see; the two are the same answer on purpose."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        Text("Finns inte", "Not found"),
        Text(
            f"{what.sv} finns inte, eller ligger utanför det du får se. Sök i listan för att se vad som finns.",
            f"{what.en} does not exist or lies outside what you may see. Search the list to see what there is.",
        ),
    )


def not_json() -> Problem:
    """The body is no JSON that can be read."""
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "not_json",
        Text("Innehållet är inte läsbar JSON", "The body is not readable JSON"),
        Text(
            "Skicka ett JSON-objekt i UTF-8 med Content-Type application/json.",
            "Send one JSON object in UTF-8 with Content-Type application/json.",
        ),
    )


def too_large() -> Problem:
    """The body is larger than any request here needs."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        Text("Innehållet är för stort", "The body is too large"),
        Text(
            "Ingen begäran behöver mer än 64 KiB, en lista 4 MiB.", "No request needs more than 64 KiB, a list 4 MiB."
        ),
    )


def internal_error() -> Problem:
    """Our own fault; the log has the rest under the request id."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        Text("Något gick fel hos oss", "Something went wrong on our side"),
        Text(
            "Försök igen; hänvisa annars till begärans id i `instance` när du hör av dig.",
            "Try again; otherwise quote the request id in `instance` when you report it.",
        ),
    )


def unavailable() -> Problem:
    """The database cannot be reached."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        Text("Databasen svarar inte", "The database does not answer"),
        Text(
            "Försök igen om några sekunder; /readyz visar läget.",
            "Try again in a few seconds; /readyz shows the state.",
        ),
        headers={"Retry-After": "5"},
    )


def took_too_long() -> Problem:
    """The answer was given up: it needs more time than one question may take."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "took_too_long",
        Text("Frågan tog för lång tid", "The question took too long"),
        Text(
            "Fråga efter en kortare period eller färre hjälpmedel, eller försök igen om en stund.",
            "Ask about a shorter period or fewer devices, or try again in a while.",
        ),
        headers={"Retry-After": "30"},
    )


def invalid(errors: list[Json]) -> Problem:
    """What was sent breaks the described limits; `errors` names places and limits, never values."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        Text("Något i begäran stämmer inte", "Something in the request is not right"),
        Text("Rätta det som `errors` pekar ut; se /docs.", "Mend what `errors` points out; see /docs."),
        extra={"errors": errors},
    )


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    async def on_problem(request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, Problem) else internal_error()
        return answer_to(request, problem)

    async def on_http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return answer_to(request, from_http_status(status))

    async def on_invalid(request: Request, error: Exception) -> Response:
        problems = error.errors() if isinstance(error, RequestValidationError) else []
        if any(entry.get("type") == "json_invalid" for entry in problems):
            return answer_to(request, not_json())
        return answer_to(
            request, invalid(described_errors(problems, language_of(request.headers.get("accept-language"))))
        )

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)


def answer_to(request: Request, problem: Problem) -> Response:
    """A problem in the language of whoever asked, with the request's id."""
    request_id = request.scope.get("state", {}).get("request_id", "unknown")
    return response_to(problem, language_of(request.headers.get("accept-language")), request_id)
