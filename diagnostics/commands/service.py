"""Decides whether a command is asked for, and what its caller is told while and after waiting."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from diagnostics.commands import repository
from diagnostics.commands.asking import allowed_command, complete_parameters
from diagnostics.commands.results import visible_result
from diagnostics.commands.schemas import CommandItem, CommandRequest
from diagnostics.commands.states import Expiry, State
from diagnostics.devices import repository as devices
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.security import Caller
from diagnostics.work import Work
from fleet.registry import Registry
from fleet.text import Text

MOST_OPEN: Final = 20
"""Commands that may wait for one device; a silent device fills no queue beyond that."""

_THE_COMMAND: Final = Text("Kommandot", "The command")


async def ask(work: Work, device_id: str, request: CommandRequest, key: str) -> tuple[UUID, bool]:
    """Queues a command, or finds the one asked for with the same key; whether it is new.

    Raises:
        Problem: the device, the command, the right, the parameters or the key do not allow it.
    """
    device = await devices.identity(work, device_id)
    if device["enrolled_at"] is None or device["device_class"] not in work.registry:
        raise _cannot_report()
    profile = work.registry[device["device_class"]]
    command = allowed_command(profile, request.name, work.caller.role)
    parameters = complete_parameters(command, request.parameters)
    known = await repository.by_key(work, key)
    if known is None and await repository.open_count(work, device["device_no"]) >= MOST_OPEN:
        raise _too_many_open()
    new = None if known else await repository.ask(work, device["device_no"], command, parameters, key)
    found = known if new is not None else known or await repository.by_key(work, key)
    command_id = new or _same_wish(found, device["device_no"], command.name, parameters)
    await work.record("command.ask", device["device_no"], command_id=command_id, name=command.name, new=new is not None)
    return command_id, new is not None


async def show(work: Work, command_id: UUID) -> CommandItem:
    """One command.

    Raises:
        Problem: no such command in the caller's scope.
    """
    row = await repository.one(work.connection, command_id)
    if row is None:
        raise not_found(_THE_COMMAND)
    await work.record("command.read", row["device_no"], command_id=command_id)
    return command_item(work.registry, work.caller, row)


def command_item(registry: Registry, caller: Caller, row: Row) -> CommandItem:
    """One command as its caller may see it."""
    profile = registry.by_name.get(row["device_class"])
    command = profile.commands_by_name.get(row["name"]) if profile else None
    title = command.title if command else Text(row["name"], row["name"])
    return CommandItem(
        **{name: row[name] for name in CommandItem.model_fields if name in row and name != "result"},
        title=BilingualText.of(title),
        result=_result(registry, caller, row),
    )


def _result(registry: Registry, caller: Caller, row: Row) -> dict[str, Any] | None:
    profile = registry.by_name.get(row["device_class"])
    if profile is None or not isinstance(row["result"], dict):
        return None
    return visible_result(profile, row["model_key"], row["firmware"], row["result"], caller.audiences)


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


def location(command_id: UUID) -> str:
    """The address of a command."""
    return f"/api/v1/commands/{command_id}"


def is_over(row: Row) -> bool:
    """Whether nothing more will happen to a command."""
    return row["state"] in {State.SUCCEEDED, State.REFUSED, State.FAILED, State.EXPIRED, State.CANCELLED}


def _same_wish(found: Row | None, device_no: int, name: str, parameters: dict[str, float | str]) -> UUID:
    if found is None or (found["device_no"], found["name"], found["parameters"]) != (device_no, name, parameters):
        raise Problem(
            HTTPStatus.CONFLICT,
            "idempotency_key_reused",
            Text("Nyckeln är redan använd för något annat", "The key was used for something else"),
            Text(
                "Välj en ny Idempotency-Key för varje ny begäran; samma nyckel gäller bara exakt samma begäran.",
                "Choose a new Idempotency-Key for every new wish; the same key is for exactly the same wish.",
            ),
        )
    command_id: UUID = found["command_id"]
    return command_id


def _cannot_report() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "cannot_report",
        Text("Hjälpmedlet är inte anslutet", "The device is not enrolled"),
        Text(
            "Det har inga inloggningsuppgifter och kan därför inte svara. Anslut det med `fjarrkoll enroll`.",
            "It has no credentials and therefore cannot answer. Enroll it with `fjarrkoll enroll`.",
        ),
    )


def _too_many_open() -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_open_commands",
        Text("För många kommandon väntar", "Too many commands are waiting"),
        Text(
            f"Redan {MOST_OPEN} kommandon väntar på hjälpmedlet. Vänta tills de besvarats eller gått ut.",
            f"{MOST_OPEN} commands wait for the device already. Wait until they are answered or have expired.",
        ),
        headers={"Retry-After": "30"},
    )
