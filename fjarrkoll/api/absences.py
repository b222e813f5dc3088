"""`fjarrkoll absences`: who is away, so that nothing is concluded from days without use."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    print_json,
    print_line,
    print_table,
)
from fleet.clock import local_day
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Absences of borrowers: list, register, end, withdraw.")

_UNTIL: Final = Text("Till och med", "Until")
_KIND: Final = Text("Frånvaro", "Absence")
_Number = Annotated[str, typer.Argument(help="Individual number or id of the device")]
_Id = Annotated[int, typer.Argument(min=1, help="Number of the absence")]


@app.command("list")
def list_absences(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that do not hold today")] = False,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """List absences that hold today. Example: fjarrkoll absences list --payer kommun-07."""
    with open_client(language) as client:
        answer = client.list("absences", limit, current=not every, payer=payer)
    if as_json:
        print_json(answer)
        return
    titles = (words.CODE, words.NUMBER, words.PAYER, _KIND, words.SINCE, _UNTIL, words.REASON)
    print_table("", [title.to(language) for title in titles], [_row(item, language) for item in answer["items"]])


@app.command("add")
def add(  # noqa: PLR0913 - each is an option of the command
    number: _Number,
    *,
    kind: Annotated[str, typer.Option(help="hospital, respite, travel, repair or other")],
    first: Annotated[str | None, typer.Option("--from", help="First day, 2026-11-28; today without")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, where it is known")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register that a borrower is away. Example: fjarrkoll absences add 1234567 --kind hospital --from 2026-11-24."""
    body = {"kind": kind, "from_day": first or local_day(datetime.now(UTC)).isoformat(), "until_day": until}
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(number)}/absences", body)
    _tell(answer, language, as_json=as_json)


@app.command("end")
def end(
    absence_id: _Id,
    *,
    until: Annotated[str | None, typer.Option(help="Last day away; yesterday without")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say that a borrower is back. Example: fjarrkoll absences end 17."""
    with open_client(language) as client:
        answer = client.send("POST", f"absences/{absence_id}/end", {"until_day": until})
    _tell(answer, language, as_json=as_json)


@app.command("withdraw")
def withdraw(
    absence_id: _Id,
    *,
    why: Annotated[str, typer.Option(help="Why, in words; nothing about the person")],
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Take an absence back that was wrong. Example: fjarrkoll absences withdraw 17 --why "fel hjälpmedel"."""
    with open_client(language) as client:
        answer = client.send("POST", f"absences/{absence_id}/withdraw", {"why": why})
    _tell(answer, language, as_json=as_json)


def _tell(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_line(f"{answer['absence_id']} ({words.number_of(answer)}): {either(answer['meaning'], language)}")


def _row(item: Json, language: str) -> list[str]:
    return [
        str(item["absence_id"]),
        words.number_of(item),
        item["payer"] or NOTHING,
        either(item["kind_words"], language),
        item["from_day"],
        item["until_day"] or NOTHING,
        either(item["meaning"], language),
    ]
