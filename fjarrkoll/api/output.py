"""How answers look in a terminal: tables for people, JSON for programs; what devices say is data, never markup."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.table import Table

from fleet.clock import STOCKHOLM
from fleet.text import Text

Language = Literal["sv", "en"]
LanguageOption = Annotated[Language, typer.Option("--language", "-l", help="Swedish (sv) or English (en)")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many rows")]

NOTHING: Final = "–"
NARROW_SPACE: Final = "\u202f"


def print_json(answer: object) -> None:
    """Prints JSON that holds no raw control character, whatever a device has put into its texts."""
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    typer.echo("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; its cells are plain text."""
    table = Table(title=title, title_justify="left", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    console().print(table)


def print_line(text: str) -> None:
    """Prints one line of plain text."""
    console().print(plain(text))


def tell(text: str) -> None:
    """Tells of progress, on standard error."""
    typer.echo(text, err=True)


def console() -> Console:
    """A console that reads no markup and colours nothing by guessing; wide enough when it is no terminal."""
    return Console(
        markup=False, highlight=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200
    )


def plain(text: str) -> str:
    """A text without control characters."""
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else "�" for c in text)


def local_time(moment: str | None) -> str:
    """Swedish local time, 2026-11-21 14:05, of an answer's moment."""
    if moment is None:
        return NOTHING
    return datetime.fromisoformat(moment).astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def number(value: object, language: str) -> str:
    """A number with the language's decimal sign; true and false as words; nothing known as a dash."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return (Text("ja", "yes") if value else Text("nej", "no")).to(language)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace(".", ",") if language == "sv" else text


# UCUM symbols that people write otherwise; a pure number has none. The API keeps UCUM, this is for reading.
_SHOWN_UNITS: Final = {
    "1": "",
    "{count}": "",
    "{cycle}": "",
    "Cel": "°C",
    "deg": "°",
    "cm[H2O]": "cmH₂O",
    "mm[Hg]": "mmHg",
    "A.h": "Ah",
    "Ohm": "Ω",
    "kg/m2": "kg/m²",
}


def quantity(value: object, unit: str, language: str) -> str:
    """A value with its unit as people write it; yes, no and nothing known have none."""
    shown = "" if value is None or isinstance(value, bool) else _SHOWN_UNITS.get(unit, unit)
    return f"{number(value, language)} {shown}".rstrip()


def money(value: str | None, language: str) -> str:
    """Whole SEK with thousands set apart by a narrow space."""
    if value is None:
        return NOTHING
    grouped = f"{float(value):,.0f}"
    return f"{grouped.replace(',', NARROW_SPACE)} kr" if language == "sv" else f"{grouped} SEK"


def either(texts: dict[str, Any] | None, language: str) -> str:
    """One of an answer's two texts."""
    return NOTHING if texts is None else str(texts[language])
