"""Opens an .xlsx without trusting it: bounds what it unpacks to, looks through its XML, packs anew what was checked.

A workbook is a zip of XML that somebody else wrote. A few kilobytes of it can unpack to gigabytes, two cells in
opposite corners make a reader allocate the sheet between them, and one long text can be referred to by millions of
cells. So the parts a reader needs are unpacked here within limits, parsed once for their size, and only those bytes are
handed on.
"""

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from fleet.errors import FjarrkollError
from fleet.text import Text

_PARTS: Final = ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
                 "xl/sharedStrings.xml")  # fmt: skip
_SHEETS: Final = "xl/worksheets/"
_MACROS: Final = "vbaproject.bin"
_LARGEST_TEXT: Final = 256 * 1024 * 1024  # characters that all cells together may hold
_CHUNK: Final = 1 << 16
_MOST_COLUMNS: Final = 200
# What Python's own readers raise for a file that is none; RuntimeError where it is packed in a way they do not know.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    OSError,
)


class SheetRefusedError(FjarrkollError):
    """A file is not taken at all; the sentence says why and what to do."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is read at most: its own bytes, what it unpacks to, and rows of its list."""

    file_bytes: int
    unpacked_bytes: int
    rows: int

    def too_large(self) -> SheetRefusedError:
        """The file is larger than is read."""
        size, unpacked = self.file_bytes // 1024**2, self.unpacked_bytes // 1024**2
        return SheetRefusedError(
            Text(
                f"Filen är för stor: högst {size} MB, uppackad {unpacked} MB. Dela upp den.",
                f"The file is too large: {size} MB at most, {unpacked} MB unpacked. Split it.",
            )
        )

    def too_many_rows(self) -> SheetRefusedError:
        """The list is longer than is read."""
        return SheetRefusedError(
            Text(
                f"Listan har mer än {self.rows} rader. Dela upp den.",
                f"The list has more than {self.rows} rows. Split it.",
            )
        )


@dataclass(slots=True)
class Facts:
    """What a sheet's XML holds; row numbers begin at 1."""

    cells: int = 0
    shared: int = 0
    last_row: int = 0
    last_column: int = 0
    formulas: frozenset[int] = frozenset()
    merged: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Inspected:
    """A workbook of checked parts only, and the facts of its sheets by name."""

    clean: bytes
    sheets: dict[str, Facts]


def inspect(content: bytes, limits: Limits) -> Inspected:
    """Checks an .xlsx and packs its checked parts anew.

    Raises:
        SheetRefusedError: it is no workbook, holds macros, or is larger within than the limits.
    """
    try:
        parts = _unpack(content, limits)
        facts = {name: _facts(body, limits) for name, body in parts.items() if name.startswith(_SHEETS)}
        _bound_text(parts.get("xl/sharedStrings.xml", b""), facts.values())
        for name in set(parts) - set(facts) - {"xl/sharedStrings.xml"}:
            _parse(parts[name], {})
        return Inspected(_packed(parts), {name: facts[path] for name, path in _sheets(parts) if path in facts})
    except _BROKEN as error:
        raise SheetRefusedError(_NO_WORKBOOK) from error


def _unpack(content: bytes, limits: Limits) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = limits.unpacked_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if len(names) > 2_000 or any(name.lower().endswith(_MACROS) for name in names):
            raise SheetRefusedError(_MACROS_INSIDE)
        for entry in archive.infolist():
            if entry.filename in _PARTS or (entry.filename.startswith(_SHEETS) and entry.filename.endswith(".xml")):
                if entry.filename in parts:
                    raise SheetRefusedError(_NO_WORKBOOK)
                body = _bounded(archive, entry, left)
                if body is None:
                    raise limits.too_large()
                parts[entry.filename] = body
                left -= len(body)
    return parts


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes | None:
    """A part's bytes, or None where there are more than `left`. Sizes that lie end in a checksum that does not fit."""
    if entry.file_size > left:
        return None
    body = bytearray()
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            body += chunk
            if len(body) > left:
                return None
    return bytes(body)


def _packed(parts: dict[str, bytes]) -> bytes:
    clean = io.BytesIO()
    with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return clean.getvalue()


def _parse(body: bytes, handlers: dict[str, object]) -> None:
    """Parses XML; a document type, the door to every XML bomb, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    for name, handler in handlers.items():
        setattr(parser, name, handler)
    parser.Parse(body, True)


def _refuse_doctype(*_: object) -> None:
    raise SheetRefusedError(_NO_WORKBOOK)


@dataclass(slots=True)
class _Scan:
    """Counts what a sheet holds while its XML goes by, and stops where it is more than the limits."""

    limits: Limits
    facts: Facts = field(default_factory=Facts)
    row: int = 0
    column: int = 0
    formulas: set[int] = field(default_factory=set)
    merged: set[int] = field(default_factory=set)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rsplit(" ", 1)[-1]
        if tag == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
            self._bound()
        elif tag == "c":
            self.column = _place(attributes["r"])[1] if "r" in attributes else self.column + 1
            self.row = _place(attributes["r"])[0] if "r" in attributes else self.row
            self.facts.cells += 1
            self.facts.shared += attributes.get("t") == "s"
            self._bound()
        elif tag == "f":
            self.formulas.add(self.row)
        elif tag == "mergeCell":
            first, _, last = attributes["ref"].partition(":")
            top, bottom = _place(first)[0], min(_place(last or first)[0], self.limits.rows + 100)
            self.merged.update(range(top, bottom + 1))

    def _bound(self) -> None:
        self.facts.last_row = max(self.facts.last_row, self.row)
        self.facts.last_column = max(self.facts.last_column, self.column)
        if self.facts.last_row > self.limits.rows + 100:
            raise self.limits.too_many_rows()
        if self.facts.last_column > _MOST_COLUMNS:
            raise SheetRefusedError(_TOO_WIDE)


def _facts(body: bytes, limits: Limits) -> Facts:
    scan = _Scan(limits)
    _parse(body, {"StartElementHandler": scan.start})
    scan.facts.formulas, scan.facts.merged = frozenset(scan.formulas), frozenset(scan.merged)
    return scan.facts


def _place(reference: str) -> tuple[int, int]:
    """Row and column, both from 1, of a reference such as `BC12`."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isupper():
        raise ValueError(reference)
    return int(reference[len(letters) :]), column


def _bound_text(body: bytes, facts: Iterable[Facts]) -> None:
    """Refuses a workbook whose cells refer to more text than fits in memory."""
    longest, here = 0, 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal here
        if name.endswith(" si"):
            here = 0

    def text(data: str) -> None:
        nonlocal here, longest
        here += len(data)
        longest = max(longest, here)

    if body:
        _parse(body, {"StartElementHandler": start, "CharacterDataHandler": text})
    shared = sum(fact.shared for fact in facts)
    if shared * longest > _LARGEST_TEXT:
        raise SheetRefusedError(_TOO_MUCH_TEXT)


def _sheets(parts: dict[str, bytes]) -> list[tuple[str, str]]:
    """Sheet names with the part each is in."""
    targets: dict[str, str] = {}
    names: list[tuple[str, str]] = []

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.endswith(" Relationship"):
            target = attributes["Target"].lstrip("/")
            targets[attributes["Id"]] = target if target.startswith("xl/") else f"xl/{target}"

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.endswith(" sheet"):
            linked = next(value for key, value in attributes.items() if key.endswith(" id"))
            names.append((attributes["name"], linked))

    _parse(parts["xl/_rels/workbook.xml.rels"], {"StartElementHandler": relation})
    _parse(parts["xl/workbook.xml"], {"StartElementHandler": sheet})
    return [(name, targets[linked]) for name, linked in names]


_NO_WORKBOOK: Final = Text(
    "Filen är ingen hel Excelbok. Spara den på nytt i Excel som .xlsx.",
    "The file is no whole Excel workbook. Save it again in Excel as .xlsx.",
)
_MACROS_INSIDE: Final = Text(
    "Filen har makron eller alltför många delar. Spara den som vanlig .xlsx utan makron.",
    "The file has macros or far too many parts. Save it as a plain .xlsx without macros.",
)
_TOO_WIDE: Final = Text(
    f"Fliken har celler långt utanför listan (fler än {_MOST_COLUMNS} kolumner). Ta bort dem.",
    f"The sheet has cells far outside the list (more than {_MOST_COLUMNS} columns). Remove them.",
)
_TOO_MUCH_TEXT: Final = Text(
    "Cellerna innehåller alltför mycket text.",
    "The cells hold far too much text.",
)
