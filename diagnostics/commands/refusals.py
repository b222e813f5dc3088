"""Why a command is not asked for, approved or answered, as the caller is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

import psycopg

from diagnostics.commands.schemas import CommandItem
from diagnostics.commands.states import Expiry
from diagnostics.problems import Problem
from fleet.text import Text

_ONE_USE: Final = "command_requested_by_idempotency_key_key"
"""That a caller uses a key once (0001_initial.sql)."""


def location(command_id: UUID) -> str:
    """The address of a command."""
    return f"/api/v1/commands/{command_id}"


def silent(item: CommandItem, last_seen: datetime | None) -> Problem:
    """What is said when a command expired: the device did not answer, so what was asked about is unknown."""
    seconds = round((item.expires_at - item.created_at).total_seconds())
    heard = "-" if last_seen is None else last_seen.isoformat(timespec="seconds").replace("+00:00", "Z")
    heard_sv = "Det har aldrig hörts av" if last_seen is None else f"Det hördes senast {heard}"
    heard_en = "It has never been heard" if last_seen is None else f"It was last heard {heard}"
    if item.reason == Expiry.NOT_SENT:
        detail = Text(
            f"Kommandot kunde inte skickas inom {seconds} sekunder; meddelandetjänsten eller larmmotorn svarar inte."
            " Svaret är okänt. Försök igen, och säg till driften om det upprepas.",
            f"The command could not be sent within {seconds} seconds; the broker or the worker does not answer."
            " The answer is unknown. Try again, and tell operations if it happens again.",
        )
    else:
        detail = Text(
            f"Hjälpmedlet svarade inte inom {seconds} sekunder. {heard_sv}."
            " Svaret är okänt, vilket inte är detsamma som att allt är väl. Försök igen när det hörs av.",
            f"The device did not answer within {seconds} seconds. {heard_en}."
            " The answer is unknown, which is not the same as all being well. Try again when it is heard.",
        )
    return Problem(
        HTTPStatus.GATEWAY_TIMEOUT,
        "device_silent" if item.reason != Expiry.NOT_SENT else "not_sent",
        Text("Inget svar från hjälpmedlet", "No answer from the device"),
        detail,
        headers={"Location": location(item.command_id)},
        extra={"command_id": str(item.command_id)},
    )


def cannot_report() -> Problem:
    """The device has no credentials, so nothing can come back."""
    return Problem(
        HTTPStatus.CONFLICT,
        "cannot_report",
        Text("Hjälpmedlet är inte anslutet", "The device is not enrolled"),
        Text(
            "Det har inga inloggningsuppgifter och kan därför inte svara. Anslut det med `fjarrkoll enroll`.",
            "It has no credentials and therefore cannot answer. Enroll it with `fjarrkoll enroll`.",
        ),
    )


def too_many_open(most: int) -> Problem:
    """A silent device fills no queue beyond `most`."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_open_commands",
        Text("För många kommandon väntar", "Too many commands are waiting"),
        Text(
            f"Redan {most} kommandon väntar på hjälpmedlet. Vänta tills de besvarats eller gått ut.",
            f"{most} commands wait for the device already. Wait until they are answered or have expired.",
        ),
        headers={"Retry-After": "30"},
    )


def key_reused() -> Problem:
    """The same key with another wish."""
    return Problem(
        HTTPStatus.CONFLICT,
        "idempotency_key_reused",
        Text("Nyckeln är redan använd för något annat", "The key was used for something else"),
        Text(
            "Välj en ny Idempotency-Key för varje ny begäran; samma nyckel gäller bara exakt samma begäran.",
            "Choose a new Idempotency-Key for every new wish; the same key is for exactly the same wish.",
        ),
    )


@contextmanager
def once_for_a_key() -> Iterator[None]:
    """Tells the caller where the table refuses a second use of a key.

    A key's own wish is found before, in the device's turn. What is refused was used at this very moment for another
    device, or earlier for one that the caller does not see any more.
    """
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name != _ONE_USE:
            raise
        raise key_reused() from None


def incident_hold() -> Problem:
    """Nothing above reading is asked of a held device."""
    return Problem(
        HTTPStatus.CONFLICT,
        "incident_hold",
        Text("Avvikelsespärr", "Incident hold"),
        Text(
            "Hjälpmedlet är spärrat efter en avvikelse: bara läsning är tillåten tills två personer hävt spärren.",
            "The device is held after an incident: only reading is allowed until two persons have lifted the hold.",
        ),
    )


def already_waiting(command_id: UUID) -> Problem:
    """The same command cannot pile up for a silent device."""
    return Problem(
        HTTPStatus.CONFLICT,
        "already_waiting",
        Text("Samma begäran väntar redan", "The same wish waits already"),
        Text(
            "Hjälpmedlet har inte svarat på samma kommando än. Följ det som väntar; dess adress står i Location.",
            "The device has not answered the same command yet. Follow the one that waits; Location has its address.",
        ),
        headers={"Location": location(command_id)},
        extra={"command_id": str(command_id)},
    )


def not_awaiting() -> Problem:
    """There is nothing to approve or deny."""
    return Problem(
        HTTPStatus.CONFLICT,
        "not_awaiting",
        Text("Väntar inte på godkännande", "It does not await approval"),
        Text(
            "Kommandot är redan avgjort, har gått ut eller behöver inget godkännande.",
            "The command is decided already, has expired, or needs no approval.",
        ),
    )


def same_person() -> Problem:
    """Four eyes are two persons with two roles."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "same_person",
        Text("En andra person behövs", "A second person is needed"),
        Text(
            "Den som begär en inställning får inte godkänna den. Det krävs en annan person med en annan roll.",
            "Who asks for a setting may not approve it. It takes another person with another role.",
        ),
    )


def is_over() -> Problem:
    """What has ended stays as it ended."""
    return Problem(
        HTTPStatus.CONFLICT,
        "command_over",
        Text("Kommandot är redan slut", "The command is over"),
        Text(
            "Det som är avslutat kan inte avbrytas.",
            "What has ended cannot be cancelled.",
        ),
    )
