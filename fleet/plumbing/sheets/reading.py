"""Reads a list that somebody sends back: what is too large, made to harm, or no list is refused with a sentence.

An .xlsx is checked before its reader sees it (`workbook.py`). What one row cannot be used for is told at the row, so
that the others are taken.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import python_calamine

from fleet.plumbing.sheets.workbook import Inspected, Limits, SheetRefusedError, inspect
from fleet.text import Text

__all__ = ["Limits", "SheetRefusedError", "SheetRow", "Table", "read_table"]

ReadCell = str | int | float | bool | date | None
_HEAD_WITHIN: Final = 20
_LONGEST_CELL: Final = 500
_DELIMITERS: Final = (";", "\t", ",")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row below the heading.

    Attributes:
        number: as the spreadsheet program numbers it.
        cells: heading (lower case) to cell; text without blanks around it, empty cells are None.
        problem: why the row must not be used, such as a formula in it; else None.
    """

    number: int
    cells: dict[str, ReadCell]
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A list found in a file: the sheet's name (empty for CSV), its headings as written, its rows in order."""

    sheet: str
    titles: tuple[str, ...]
    rows: list[SheetRow]


def read_table(content: bytes, required: Collection[str], limits: Limits) -> Table:
    """The first sheet that has all required headings, whatever it is called and in whatever order they stand.

    Args:
        content: the file: .xlsx, or CSV with semicolons, tabs or commas in UTF-8 or Windows-1252.
        required: headings that must be there; case and blanks around them do not matter.
        limits: how much is read at most.

    Raises:
        SheetRefusedError: it is no such file, has no such sheet, is larger than the limits, or is made to harm.
    """
    if len(content) > limits.file_bytes:
        raise limits.too_large()
    wanted = {_key(title) for title in required}
    if content.startswith(b"PK"):
        return _from_workbook(inspect(content, limits), wanted, limits)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefusedError(_OLD_OR_LOCKED)
    return _from_lines(_decoded(content), wanted, limits)


def _from_workbook(book: Inspected, wanted: set[str], limits: Limits) -> Table:
    try:
        reader = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.clean))
        for name in reader.sheet_names:
            facts = book.sheets.get(name)
            if facts is None or facts.cells == 0:
                continue
            sheet = reader.get_sheet_by_name(name)
            first = (sheet.start or (0, 0))[0]
            found = _table(name, ((first + n, row) for n, row in enumerate(sheet.iter_rows())), wanted, limits)
            if found is not None:
                return Table(name, found.titles, [_flagged(row, facts.formulas, facts.merged) for row in found.rows])
    except (python_calamine.CalamineError, ValueError, OverflowError) as error:
        raise SheetRefusedError(_UNREADABLE) from error
    raise SheetRefusedError(_no_such_sheet(wanted))


def _from_lines(text: str, wanted: set[str], limits: Limits) -> Table:
    first = text[:4096].partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        found = _table("", enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), wanted, limits)
    except csv.Error as error:
        raise SheetRefusedError(_UNREADABLE) from error
    if found is None:
        raise SheetRefusedError(_no_such_sheet(wanted))
    return found


def _table(sheet: str, lines: Iterable[tuple[int, Sequence[object]]], wanted: set[str], limits: Limits) -> Table | None:
    """The rows below the heading, or None where no heading comes near the top."""
    numbered = iter(lines)
    for seen, (_, line) in enumerate(numbered):
        titles = [_text(cell) for cell in line]
        keys = [_key(title) for title in titles]
        if wanted <= set(keys):
            _refuse_doubles(keys)
            return Table(sheet, tuple(titles), list(_rows(numbered, keys, limits)))
        if seen >= _HEAD_WITHIN:
            break
    return None


def _rows(lines: Iterator[tuple[int, Sequence[object]]], keys: list[str], limits: Limits) -> Iterator[SheetRow]:
    taken = 0
    for index, line in lines:
        cells = {key: _cell(cell) for key, cell in zip(keys, line, strict=False) if key}
        if all(cell is None for cell in cells.values()):
            continue
        taken += 1
        if taken > limits.rows:
            raise limits.too_many_rows()
        long = any(isinstance(cell, str) and len(cell) > _LONGEST_CELL for cell in cells.values())
        yield SheetRow(index + 1, cells, _TOO_LONG if long else None)


def _flagged(row: SheetRow, formulas: frozenset[int], merged: frozenset[int]) -> SheetRow:
    if row.number in formulas:
        return SheetRow(row.number, row.cells, _FORMULA)
    return SheetRow(row.number, row.cells, _MERGED) if row.number in merged else row


def _refuse_doubles(keys: list[str]) -> None:
    named = [key for key in keys if key]
    if len(named) != len(set(named)):
        raise SheetRefusedError(_DOUBLE)


def _cell(cell: object) -> ReadCell:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, bool | date):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
    return (cell if isinstance(cell, int) else _text(cell)) if cell not in ("", None) else None


def _text(cell: object) -> str:
    return "".join(c if c.isprintable() else " " for c in str(cell)).strip() if cell is not None else ""


def _key(title: str) -> str:
    return " ".join(title.casefold().split())


def _decoded(content: bytes) -> str:
    if b"\0" in content:
        raise SheetRefusedError(_UNREADABLE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _no_such_sheet(wanted: set[str]) -> Text:
    names = ", ".join(sorted(wanted))
    return Text(
        f"Ingen flik har rubrikerna {names}. Skicka tillbaka listan som den kom, med rubrikraden kvar.",
        f"No sheet has the headings {names}. Send the list back as it came, with its heading row.",
    )


_OLD_OR_LOCKED: Final = Text(
    "Filen är en gammal .xls eller är skyddad med lösenord. Spara den som .xlsx utan lösenord.",
    "The file is an old .xls or locked with a password. Save it as .xlsx without a password.",
)
_UNREADABLE: Final = Text(
    "Filen går inte att läsa som .xlsx eller CSV. Spara den på nytt i Excel som .xlsx.",
    "The file cannot be read as .xlsx or CSV. Save it again in Excel as .xlsx.",
)
_DOUBLE: Final = Text("Samma rubrik finns två gånger.", "The same heading stands twice.")
_FORMULA: Final = Text(
    "Raden har en formel; skriv värdet i stället.", "The row has a formula; write its value instead."
)
_MERGED: Final = Text("Raden har sammanslagna celler; dela dem.", "The row has merged cells; split them.")
_TOO_LONG: Final = Text(
    f"En cell har mer än {_LONGEST_CELL} tecken.", f"A cell has more than {_LONGEST_CELL} characters."
)
