"""Writes lists as .xlsx and as CSV for a Swedish Excel: text stays text, dates are dates, nothing becomes a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, Final

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from fleet.clock import STOCKHOLM

Cell = str | int | float | Decimal | date | datetime | bool | None
Tell = Callable[[int], object]

_OPTIONS: Final[dict[str, Any]] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
    "default_date_format": "yyyy-mm-dd",
}
# A spreadsheet reads such a cell of a CSV as a formula (ecosystem.md, "Excel and CSV").
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_TELL_EVERY: Final = 500
_DAY_ZERO: Final = date(1899, 12, 30)
_LEAP_THAT_NEVER_WAS: Final = date(1900, 2, 28)
"""Excel counts days from day zero, and a 29th of February after this one; what lies before is written as text."""


class Kind(StrEnum):
    """How a column's cells are written. `answer` is text that a person fills in, from the column's choices."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a list.

    Attributes:
        field: the name of what stands in it, in our words.
        title: the heading, in the words of those who use the list.
        explanation: a sentence for the sheet that explains columns.
        choices: what may be chosen in an `answer` column; empty for free text.
        width: in characters.
    """

    field: str
    title: str
    explanation: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    width: int = 16


@dataclass(frozen=True, slots=True)
class Leaf:
    """A further sheet beside the list, such as its denominators."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def write_workbook(  # noqa: PLR0913 - a list is told in full where it is written
    out: IO[bytes],
    *,
    sheet: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    notes: Iterable[tuple[str, str]] = (),
    more: Iterable[Leaf] = (),
    tell: Tell | None = None,
) -> int:
    """Writes a workbook with the list on its first sheet and what columns and filters mean on its last.

    The heading is frozen and filtered, text is never a number, a date or a formula, and memory stays constant.

    Args:
        out: an open file to write to.
        sheet: the first sheet's name.
        columns: what stands where.
        rows: cells in the order of `columns`.
        notes: pairs for the last sheet: which filters made the list, when, of how many.
        more: sheets between the two.
        tell: hears how many rows are written, now and then.

    Returns:
        How many rows were written.
    """
    book = xlsxwriter.Workbook(out, _OPTIONS)
    try:
        formats = _formats(book)
        page = book.add_worksheet(sheet)
        _head(page, columns, formats)
        written = _fill(page, columns, _told(rows, tell), formats)
        for place, column in enumerate(columns):
            if column.choices and written:
                page.data_validation(1, place, written, place, {"validate": "list", "source": list(column.choices)})
        for leaf in more:
            beside = book.add_worksheet(leaf.name)
            _head(beside, leaf.columns, formats)
            _fill(beside, leaf.columns, leaf.rows, formats)
        _explain(book.add_worksheet("Förklaring"), columns, notes, formats["head"])
    finally:
        book.close()
    return written


def write_csv(
    out: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, tell: Tell | None = None
) -> int:
    """Writes the CSV that a Swedish Excel opens right: UTF-8 with BOM, semicolons, decimal comma, CRLF.

    Returns:
        How many rows were written.
    """
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    try:
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow([neutral(column.title) for column in columns])
        written = 0
        for row in _told(rows, tell):
            writer.writerow([_plain(column, cell) for column, cell in zip(columns, row, strict=True)])
            written += 1
    finally:
        text.detach()
    return written


def neutral(text: str) -> str:
    """A text that no spreadsheet reads as a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _told(rows: Iterable[Sequence[Cell]], tell: Tell | None) -> Iterator[Sequence[Cell]]:
    number = 0
    for number, row in enumerate(rows, start=1):
        yield row
        if tell is not None and number % _TELL_EVERY == 0:
            tell(number)
    if tell is not None:
        tell(number)


def _formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    return {
        "head": book.add_format({"bold": True, "bg_color": "#D9E2EC", "text_wrap": True, "valign": "top"}),
        Kind.TEXT: book.add_format({"num_format": "@"}),
        Kind.NUMBER: book.add_format({"num_format": "0"}),
        Kind.MONEY: book.add_format({"num_format": "#,##0.00"}),
        Kind.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
        Kind.ANSWER: book.add_format(
            {"num_format": "@", "bg_color": "#FFF8DC", "border": 1, "border_color": "#CCCCCC"}
        ),
    }


def _head(page: Worksheet, columns: Sequence[Column], formats: dict[str, Format]) -> None:
    page.freeze_panes(1, 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for place, column in enumerate(columns):
        page.set_column(place, place, column.width, formats[column.kind] if column.kind is not Kind.ANSWER else None)
        page.write_string(0, place, column.title, formats["head"])


def _fill(
    page: Worksheet, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], formats: dict[str, Format]
) -> int:
    """Writes the rows below the heading, with a filter over them; how many there are."""
    written = 0
    writers = [_writer(page, column, formats[column.kind]) for column in columns]
    blanks = [column.kind is Kind.ANSWER for column in columns]  # what is to be filled in is seen
    for written, row in enumerate(rows, start=1):
        for place, (write, cell) in enumerate(zip(writers, row, strict=True)):
            if cell is not None:
                write(written, place, cell)
            elif blanks[place]:
                page.write_blank(written, place, None, formats[columns[place].kind])
    page.autofilter(0, 0, max(written, 1), len(columns) - 1)
    return written


def _writer(page: Worksheet, column: Column, look: Format) -> Callable[[int, int, Cell], object]:
    """What writes a column's cells, chosen once for the column; what is not of its kind becomes text."""

    def text(row: int, place: int, cell: Cell) -> None:
        page.write_string(row, place, str(cell), look)

    def number(row: int, place: int, cell: Cell) -> None:
        if isinstance(cell, int | float | Decimal):
            page.write_number(row, place, float(cell), look)
        else:
            text(row, place, cell)

    def day(row: int, place: int, cell: Cell) -> None:
        if isinstance(cell, date) and _day(cell) > _LEAP_THAT_NEVER_WAS:
            page.write_number(row, place, (_day(cell) - _DAY_ZERO).days, look)
        else:
            text(row, place, cell)

    return {Kind.DATE: day, Kind.NUMBER: number, Kind.MONEY: number}.get(column.kind, text)


def _explain(page: Worksheet, columns: Sequence[Column], notes: Iterable[tuple[str, str]], head: Format) -> None:
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)
    lines = [*notes, ("", ""), *((column.title, column.explanation) for column in columns)]
    for number, (name, meaning) in enumerate(lines):
        page.write_string(number, 0, name, head if name else None)
        page.write_string(number, 1, meaning)


def _plain(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return _day(cell).isoformat()
    if column.kind is Kind.MONEY and isinstance(cell, int | float | Decimal):
        return f"{cell:.2f}".replace(".", ",")
    if column.kind is Kind.NUMBER and isinstance(cell, int | float | Decimal):
        return f"{cell}".replace(".", ",")
    return neutral(str(cell))


def _day(cell: date) -> date:
    return cell.astimezone(STOCKHOLM).date() if isinstance(cell, datetime) else cell
