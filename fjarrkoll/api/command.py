"""`fjarrkoll command`: ask a device to do something, follow it, list commands, approve a setting, take one back."""

import json
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import ApiError, Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    print_json,
    print_line,
    print_table,
    tell,
)
from fleet.errors import shown
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Ask a device to do something, follow, approve or take it back.")

CommandId = Annotated[str, typer.Argument(help="The command's id, as `ask` and `list` give it")]
_OPEN: Final = frozenset({"queued", "sent", "delivered", "running"})
_AWAITS: Final = Text(
    "Väntar på godkännande av en andra person med annan roll: fjarrkoll command approve {id}",
    "Waits for a second person with another role: fjarrkoll command approve {id}",
)
_FOLLOW: Final = Text(
    "Inte slut än; följ det med: fjarrkoll command watch {id}",
    "Not over yet; follow it with: fjarrkoll command watch {id}",
)


@app.command("ask")
def ask(  # noqa: PLR0913 - each is an option of the command
    device: Annotated[str, typer.Argument(help="Individual number, or device id")],
    name: Annotated[str, typer.Argument(help="Command, such as self_test; docs/metrics.md lists them per class")],
    *,
    parameter: Annotated[list[str] | None, typer.Option("--set", help="name=value; repeat it")] = None,
    wait: Annotated[int, typer.Option(min=0, max=60, help="Seconds to wait for the answer")] = 45,
    key: Annotated[str | None, typer.Option(help="Key of an earlier wish, to ask for its answer again")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Ask a device to do something. Example: fjarrkoll command ask 1234567 read_live --set seconds=10.

    Ends with 1 unless the device did it, or a setting waits for its second person.
    """
    body: Json = {"name": name, "parameters": dict(map(_parameter, parameter or []))}
    with open_client(language) as client:
        path = f"devices/{client.device_id(device)}/commands"
        waits = 0 if name.startswith("set_") else wait  # a setting waits for a person, not for the device
        answer = client.send("POST", path, body, key=key or str(uuid.uuid4()), wait=waits)
    _tell(answer, language, as_json=as_json)


@app.command("watch")
def watch(
    command_id: CommandId,
    *,
    seconds: Annotated[int, typer.Option(min=1, max=300, help="How long at most")] = 60,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Follow a command as it happens. Example: fjarrkoll command watch 2f1c7a52-6d0b-4c46-9d0b-8f1d0a6f7c11."""
    with open_client(language) as client:
        for change in client.follow(f"commands/{command_id}/events", seconds=seconds):
            if not as_json:
                print_line(f"{words.word(words.STATES, change['state'], language)} {change['reason']}".rstrip())
        answer = client.get(f"commands/{command_id}")
    _tell(answer, language, as_json=as_json)


@app.command("list")
def list_commands(  # noqa: PLR0913 - each is an option of the command
    *,
    device: Annotated[str | None, typer.Option(help="Individual number, or device id")] = None,
    state: Annotated[str | None, typer.Option(help="queued, sent, succeeded, refused, ...")] = None,
    awaiting: Annotated[bool, typer.Option("--awaiting", help="Settings that wait for a second person")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """List commands, newest first. Example: fjarrkoll command list --awaiting."""
    with open_client(language) as client:
        device_id = None if device is None else client.device_id(device)
        query = {"device_id": device_id, "state": state, "awaiting_approval": str(awaiting).lower()}
        answer = client.list("commands", limit, **query)
    if as_json:
        print_json(answer)
        return
    titles = (words.TIME, Text("Kommando", "Command"), Text("Begärt av", "Asked by"), Text("Läge", "State"))
    rows = [_row(item, language) for item in answer["items"]]
    print_table("", [*(title.to(language) for title in titles), "id"], rows)


@app.command("approve")
def approve(
    command_id: CommandId,
    *,
    deny: Annotated[bool, typer.Option("--deny", help="Say no instead: it is never sent")] = False,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say yes to a setting as the second person, with another role than the one who asked."""
    with open_client(language) as client:
        answer = client.post(f"commands/{command_id}/{'deny' if deny else 'approve'}")
    if as_json:
        print_json(answer)
    else:
        print_line(words.word(words.STATES, answer["state"], language))


@app.command("cancel")
def cancel(command_id: CommandId, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Take a command back: at once while it waits, else the device is asked to stop."""
    with open_client(language) as client:
        answer = client.post(f"commands/{command_id}/cancel")
    if as_json:
        print_json(answer)
        return
    print_line(words.word(words.STATES, answer["state"], language))
    if answer["state"] in _OPEN:
        tell(_FOLLOW.to(language).format(id=command_id))


def _parameter(text: str) -> tuple[str, float | str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ApiError(f"--set {shown(text)}: write name=value")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _tell(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    state = answer["state"]
    if answer["held"] and not as_json:
        print_line(words.HELD.to(language))
    if answer["online"] and not as_json:
        print_line(words.ONLINE.to(language))
    if answer["advice"] and not as_json:
        tell(either(answer["advice"], language))
    if answer["approval"] == "awaiting" and state in _OPEN:
        tell(_AWAITS.to(language).format(id=answer["command_id"]))
        return
    if state in _OPEN:
        raise ApiError(_FOLLOW.to(language).format(id=answer["command_id"]))
    if state != "succeeded":
        raise ApiError(f"{words.word(words.STATES, state, language)}: {answer['reason']}")
    if not as_json:
        print_line(f"{either(answer['title'], language)}: {words.word(words.STATES, state, language)}")
        print_table("", ["", ""], _lines(answer["result"] or {}))


def _lines(result: Json) -> Iterable[tuple[str, str]]:
    """A result as name and value; what is deeper than two levels as JSON."""
    for name, value in result.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", _plain(entry)) for inner, entry in value.items())
        elif isinstance(value, list):
            yield from ((f"{name} {place}", _plain(entry)) for place, entry in enumerate(value, start=1))
        else:
            yield name, _plain(value)


def _plain(value: Any) -> str:  # noqa: ANN401 - JSON of any shape
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(item: Json, language: str) -> list[str]:
    held = " ⛔" if item["held"] else ""
    state = words.word(words.STATES, item["state"], language)
    awaiting = item["approval"] == "awaiting" and item["state"] in _OPEN
    return [
        local_time(item["created_at"]),
        f"{either(item['title'], language)}{held}",
        item["requested_by"],
        f"{state} ({item['reason']})" if item["reason"] else f"{state}{' *' if awaiting else ''}",
        item["command_id"] or NOTHING,
    ]
