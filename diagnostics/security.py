"""Who calls: a bearer token becomes a caller with role and scope, looked up at every request."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request
from psycopg.sql import SQL

from diagnostics.problems import Problem
from diagnostics.queries import fetch_one
from diagnostics.rights import Right, Role, may
from fleet.plumbing.database import Pool
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from fleet.text import Text

_BEARER: Final = re.compile(r"[Bb]earer ([\x21-\x7e]{8,200})")
_FIND: Final = SQL(
    "SELECT name, role, care_unit, payers, frames, audiences, coalesce(holder, name) AS holder FROM find_token(%s)"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person or system behind a token.

    Attributes:
        name: stands in the audit; unique.
        audiences: the views of a device it may see.
        holder: opaque name of the person behind the token; two tokens of one person are not two persons.
    """

    name: str
    role: Role
    care_unit: str
    scope: Scope
    audiences: frozenset[Audience]
    holder: str = ""


async def find_caller(pool: Pool, authorization: str | None) -> Caller | None:
    """The caller of an Authorization header, or None where the token is missing, unknown, expired or revoked."""
    found = _BEARER.fullmatch(authorization or "")
    if found is None:
        return None
    async with pool.connection() as connection:
        row = await fetch_one(connection, _FIND, [hashlib.sha256(found[1].encode()).digest()])
    if row is None:
        return None
    audiences = frozenset(Audience(name) for name in row["audiences"])
    payers = None if row["payers"] is None else frozenset(row["payers"])
    scope = Scope(payers=payers, frames=frozenset(row["frames"]), audiences=audiences)
    return Caller(row["name"], Role(row["role"]), row["care_unit"], scope, audiences, row["holder"])


def not_authenticated() -> Problem:
    """No valid token."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "not_authenticated",
        Text("Giltig nyckel saknas", "No valid token"),
        Text(
            "Skicka en giltig nyckel: `Authorization: Bearer <nyckel>`. En administratör ger ut nycklar.",
            "Send a valid token: `Authorization: Bearer <token>`. An administrator hands out tokens.",
        ),
        headers={"WWW-Authenticate": "Bearer"},
    )


def forbidden() -> Problem:
    """The token is valid but its role may not do this."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "forbidden",
        Text("Rollen räcker inte", "The role does not allow this"),
        Text(
            "Din roll får inte göra detta; be en administratör om du behöver det i ditt arbete.",
            "Your role may not do this; ask an administrator if your work needs it.",
        ),
    )


def rate_exceeded(seconds: float) -> Problem:
    """Too many requests; the header says how long to wait."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        Text("För många anrop", "Too many requests"),
        Text("Vänta så länge som Retry-After säger.", "Wait for as long as Retry-After says."),
        headers={"Retry-After": str(max(1, round(seconds + 0.5)))},
    )


def require(right: Right) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that hands over the caller, or refuses one whose role lacks the right.

    It is a coroutine although it waits for nothing, as every dependency here: FastAPI would call a plain function in
    another thread, and a request would wait for two changes of thread.
    """

    async def caller_with_right(request: Request) -> Caller:
        caller: Caller = request.scope["state"]["caller"]
        if not may(caller.role, right):
            raise forbidden()
        return caller

    return caller_with_right


Administrator = Annotated[Caller, Depends(require(Right.ADMINISTER))]
DeviceReader = Annotated[Caller, Depends(require(Right.SEE_DEVICES))]
IdleReader = Annotated[Caller, Depends(require(Right.SEE_IDLE))]
RecallReader = Annotated[Caller, Depends(require(Right.SEE_RECALLS))]
RecallAnswerer = Annotated[Caller, Depends(require(Right.ANSWER_RECALLS))]
RecallMover = Annotated[Caller, Depends(require(Right.MOVE_RECALLS))]
AbsenceKeeper = Annotated[Caller, Depends(require(Right.KEEP_ABSENCES))]
LoanKeeper = Annotated[Caller, Depends(require(Right.KEEP_LOANS))]
SourceKeeper = Annotated[Caller, Depends(require(Right.KEEP_SOURCES))]
WearReader = Annotated[Caller, Depends(require(Right.SEE_WEAR))]
StoreKeeper = Annotated[Caller, Depends(require(Right.KEEP_STORES))]
QuarantineReader = Annotated[Caller, Depends(require(Right.SEE_QUARANTINE))]
MetricsReader = Annotated[Caller, Depends(require(Right.SEE_METRICS))]
AlarmTaker = Annotated[Caller, Depends(require(Right.TAKE_ALARMS))]
RuleSetter = Annotated[Caller, Depends(require(Right.SET_RULES))]
DoseKeeper = Annotated[Caller, Depends(require(Right.KEEP_DOSES))]
ScheduleEnterer = Annotated[Caller, Depends(require(Right.ENTER_SCHEDULES))]
Asker = Annotated[Caller, Depends(require(Right.COMMAND_READ))]
OrderReader = Annotated[Caller, Depends(require(Right.SEE_ORDERS))]
OrderWorker = Annotated[Caller, Depends(require(Right.WORK_ORDERS))]
WorkshopSetter = Annotated[Caller, Depends(require(Right.SET_WORKSHOP))]
Approver = Annotated[Caller, Depends(require(Right.APPROVE_SETTING))]
HoldPlacer = Annotated[Caller, Depends(require(Right.PLACE_HOLD))]
HoldLifter = Annotated[Caller, Depends(require(Right.LIFT_HOLD))]
EvidenceReader = Annotated[Caller, Depends(require(Right.EXPORT_EVIDENCE))]
