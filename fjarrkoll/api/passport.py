"""`fjarrkoll passport`: a device's technical life with advice, a page to print, and its return."""

from pathlib import Path
from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    JsonOption,
    LanguageOption,
    either,
    local_time,
    money,
    print_json,
    print_line,
    print_table,
    quantity,
)
from fleet.errors import FjarrkollError
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="A device's technical life, and its return.")

_Number = Annotated[str, typer.Argument(help="Individual number or id of the device")]
_FACTS: Final = (
    (Text("Drifttid", "Running time"), "running_hours", "h"),
    (Text("Körsträcka", "Distance"), "distance_km", "km"),
    (Text("Laddcykler", "Charge cycles"), "charge_cycles", "1"),
    (Text("Batterihälsa", "Battery health"), "battery_health_percent", "%"),
    (Text("Lägsta temperatur", "Lowest temperature"), "coldest_celsius", "Cel"),
    (Text("Reparationer", "Repairs"), "repairs", "1"),
)
_VALUE: Final = Text("Värde som står på spel", "Value at stake")
_NOT_KNOWN: Final = Text("Okänt", "Unknown")


class PassportError(FjarrkollError):
    """The page cannot be written where it was asked for."""


@app.command("show")
def show(
    number: _Number,
    *,
    page: Annotated[Path | None, typer.Option(help="Write the page to print to this file (.html)")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show a device's passport, or write its page. Example: fjarrkoll passport show 1234567 --page pass.html."""
    with open_client(language) as client:
        device_id = client.device_id(number)
        answer = client.get(f"devices/{device_id}/passport")
        if page is not None:
            content, _ = client.download(f"devices/{device_id}/passport.html")
            _write(page, content)
    if as_json:
        print_json(answer)
        return
    _print(answer, language)


@app.command("return")
def hand_back(
    number: _Number,
    *,
    why: Annotated[str, typer.Option(help="Why, in words; nothing about the person")],
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register a device's return; its borrower's data is sealed. Example: fjarrkoll passport return 12 --why lämnad."""
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(number)}/return", {"why": why})
    if as_json:
        print_json(answer)
    else:
        ended = local_time(answer["ended_at"])
        print_line(Text(f"Återlämnat {ended}", f"Returned {ended}").to(language) + words.mark(answer))


def _print(passport: Json, language: str) -> None:
    print_line(f"{words.number_of(passport)}, {passport['maker']} {passport['model']}")
    rows = [[name.to(language), _shown(passport[field], unit, language)] for name, field, unit in _FACTS]
    print_table("", ["", words.VALUE.to(language)], rows)
    value = money(passport["value_at_stake_sek"], language)
    print_line(f"{either(passport['advice_words'], language)}. {_VALUE.to(language)}: {value}")
    for reason in passport["reasons"]:
        print_line(f"- {either(reason, language)}")
    unknown = ", ".join(either(name, language) for name in passport["unknown"])
    if unknown:
        print_line(f"{_NOT_KNOWN.to(language)}: {unknown}")


def _shown(value: object, unit: str, language: str) -> str:
    return words.UNKNOWN.to(language) if value is None else quantity(value, unit, language)


def _write(page: Path, content: bytes) -> None:
    try:
        page.write_bytes(content)
    except OSError as error:
        raise PassportError(f"{page}: {error.strerror}") from error
