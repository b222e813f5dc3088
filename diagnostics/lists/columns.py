"""Which columns the recall list has and what they are called: a data file, to meet a region's own order system."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fleet.answers import CHOICES
from fleet.errors import ConfigurationError, shown
from fleet.plumbing.sheets import Column, Kind

_OURS: Final = Path(__file__).with_name("columns.toml")
KINDS: Final[Mapping[str, Kind]] = {
    "case_id": Kind.TEXT,
    "individual_number": Kind.TEXT,
    "held": Kind.TEXT,
    "device_class": Kind.TEXT,
    "model": Kind.TEXT,
    "payer": Kind.TEXT,
    "legal_frame": Kind.TEXT,
    "prescriber": Kind.TEXT,
    "state": Kind.TEXT,
    "since": Kind.DATE,
    "known_until": Kind.DATE,
    "days": Kind.NUMBER,
    "rent_sek": Kind.MONEY,
    "order_number": Kind.TEXT,
    "rent_stops": Kind.DATE,
    "pick_up_by": Kind.DATE,
    "answer": Kind.ANSWER,
    "answer_reason": Kind.ANSWER,
    "snooze_until": Kind.ANSWER,
}
"""Every field a list may have."""

PICKUP_KINDS: Final[Mapping[str, Kind]] = {
    "case_id": Kind.TEXT,
    "order_number": Kind.TEXT,
    "individual_number": Kind.TEXT,
    "device_class": Kind.TEXT,
    "model": Kind.TEXT,
    "payer": Kind.TEXT,
    "legal_frame": Kind.TEXT,
    "prescriber": Kind.TEXT,
    "depot": Kind.TEXT,
    "ordered_at": Kind.DATE,
    "pick_up_by": Kind.DATE,
    "days_left": Kind.NUMBER,
    "overdue": Kind.TEXT,
    "held": Kind.TEXT,
    "deregister_by": Kind.DATE,
}
"""Every field a pick-up list may have."""

NEEDED: Final = ("case_id", "individual_number", "answer")
"""Fields without which a returned list cannot be read."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The list's sheet name and columns, and those of the pick-up list."""

    sheet: str
    columns: tuple[Column, ...]
    pickup_sheet: str = "Hämtlista"
    pickup: tuple[Column, ...] = ()

    def title(self, field: str) -> str:
        """What a field is called in this layout."""
        return next(column.title for column in self.columns if column.field == field)


def load_layout(path: Path | None = None) -> Layout:
    """The layout of a data file such as `columns.toml`, ours where none is named.

    Raises:
        ConfigurationError: the file cannot be read, names a field we do not have, or lacks one that answers need.
    """
    chosen = path or _OURS
    try:
        document = tomllib.loads(chosen.read_text(encoding="utf-8"))
        columns = tuple(_column(entry, KINDS) for entry in document["column"])
        fetched = document if document.get("pickup") else tomllib.loads(_OURS.read_text(encoding="utf-8"))
        pickup = tuple(_column(entry, PICKUP_KINDS) for entry in fetched["pickup"])
        sheet, pickup_sheet = str(document["sheet"])[:31], str(document.get("pickup_sheet", "Hämtlista"))[:31]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"FJARRKOLL_LIST_COLUMNS: {chosen.name} is no list of columns ({type(error).__name__});"
            " start from diagnostics/lists/columns.toml"
        ) from error
    missing = {*NEEDED} - {column.field for column in columns}
    if missing or _twice(columns) or _twice(pickup):
        raise ConfigurationError(
            f"FJARRKOLL_LIST_COLUMNS: {chosen.name} must name each field and title once, and have {', '.join(NEEDED)}"
        )
    return Layout(sheet, columns, pickup_sheet, pickup)


def _twice(columns: tuple[Column, ...]) -> bool:
    fields, titles = {column.field for column in columns}, {column.title.casefold() for column in columns}
    return min(len(fields), len(titles)) < len(columns)


def _column(entry: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Column:
    field, title = entry["field"], str(entry["title"]).strip()
    if field not in kinds or not title:
        raise ConfigurationError(
            f"FJARRKOLL_LIST_COLUMNS: field {shown(field)} is unknown or has no title; known: {', '.join(kinds)}"
        )
    return Column(
        field=field,
        title=title,
        explanation=str(entry.get("explanation", "")),
        kind=kinds[field],
        choices=CHOICES if field == "answer" else (),
        width=int(entry.get("width", 16)),
    )
