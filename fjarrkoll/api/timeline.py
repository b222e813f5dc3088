"""`fjarrkoll timeline`: everything about one device in one order, newest first."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    print_json,
    print_line,
    print_table,
)
from fleet.text import Text

app: Final = typer.Typer(help="Show everything about one device in one order.")

_KINDS: Final = {
    "readings": Text("avläsningar", "readings"),
    "event": Text("händelse", "event"),
    "fault": Text("fel", "fault"),
    "command": Text("kommando", "command"),
    "alarm": Text("larm", "alarm"),
    "software": Text("programvara", "software"),
    "loan": Text("uthyrning", "loan"),
    "order": Text("arbetsorder", "work order"),
    "service": Text("service", "service"),
    "hold": Text("spärr", "hold"),
}
_KIND: Final = Text("Slag", "Kind")
_WHAT: Final = Text("Vad", "What")


@app.command()
def timeline(  # noqa: PLR0913 - each is an option of the command
    device: Annotated[str, typer.Argument(help="Individual number, or device id")],
    *,
    kind: Annotated[
        str | None, typer.Option(help="readings, event, fault, command, alarm, software, loan, order, service, hold")
    ] = None,
    before: Annotated[str | None, typer.Option(help="Begin here and go back, such as 2026-11-01T00:00:00Z")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show readings, events, faults, commands, alarms, software, loans, orders and services of a device.

    The second time is when it was known, where that differs. Example: fjarrkoll timeline 1234567 --kind fault.
    """
    with open_client(language) as client:
        where = f"devices/{client.device_id(device)}/timeline"
        answer = client.list(where, limit, kind=kind, before=before)
    if as_json:
        print_json(answer)
        return
    if answer["held"]:
        print_line(words.HELD.to(language))
    columns = (words.TIME, words.KNOWN, _KIND, _WHAT, words.REASON)
    print_table("", [column.to(language) for column in columns], [_row(entry, language) for entry in answer["items"]])


def _row(entry: Json, language: str) -> list[str]:
    return [
        local_time(entry["at"]),
        local_time(entry["known_at"]) if entry["clocks_differ"] else "",
        words.word(_KINDS, entry["kind"], language),
        either(entry["title"], language),
        either(entry["detail"], language),
    ]
