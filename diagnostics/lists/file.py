"""A list as a file, and how a list becomes one: .xlsx with its explanations, or a CSV for a Swedish Excel."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fleet.plumbing.sheets import Cell, Column, Leaf, Tell, write_csv, write_workbook

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Format = Literal["xlsx", "csv"]


@dataclass(frozen=True, slots=True)
class File:
    """A list as a file."""

    content: bytes
    media_type: str
    name: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a file is made from, once its transaction is over: writing a long one may take its time.

    Attributes:
        name: of the file, without its ending.
        sheet: name of the list's sheet.
        rows: cells in the order of `columns`.
        count: how many rows there are.
        notes: what the second sheet says besides the columns: filters, day, of how many.
        more: further sheets, such as the denominators; a CSV has none.
    """

    name: str
    sheet: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    count: int
    format: Format
    notes: Sequence[tuple[str, str]] = ()
    more: Sequence[Leaf] = ()

    def write(self, tell: Tell | None = None) -> File:
        """The file; `tell` hears how many rows are written, now and then."""
        out = io.BytesIO()
        if self.format == "csv":
            count = write_csv(out, self.columns, self.rows, tell=tell)
            return File(out.getvalue(), "text/csv; charset=utf-8", f"{self.name}.csv", count)
        count = write_workbook(
            out, sheet=self.sheet, columns=self.columns, rows=self.rows, notes=self.notes, more=self.more, tell=tell
        )
        return File(out.getvalue(), XLSX, f"{self.name}.xlsx", count)
