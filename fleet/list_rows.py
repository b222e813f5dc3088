"""Rows of lists that people keep beside the system, pure: absences, loan facts, repairs, placements.

A row becomes what it says, or why it cannot be used; a row that is empty but for its number says nothing and is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from fleet.absences import AbsenceKind, Away
from fleet.answers import Cell, as_day, as_text, reason_problem
from fleet.recall import Refusal
from fleet.text import Text


class ListKind(StrEnum):
    """Which list."""

    ABSENCES = "absences"
    LOAN_FACTS = "loan_facts"
    REPAIRS = "repairs"
    PLACEMENTS = "placements"


TITLES: Final[Mapping[ListKind, Mapping[str, str]]] = MappingProxyType(
    {
        ListKind.ABSENCES: {
            "individual_number": "Individnummer",
            "kind": "Frånvaro",
            "from_day": "Från",
            "until_day": "Till och med",
        },
        ListKind.LOAN_FACTS: {
            "individual_number": "Individnummer",
            "prescribed_interval_days": "Förskrivet intervall dagar",
            "source": "Källa",
            "borrower_key": "Låntagarnyckel",
            "replaced_by": "Ersatt av",
            "replaced_from": "Ersatt från",
        },
        ListKind.REPAIRS: {
            "individual_number": "Individnummer",
            "reference": "Ordernummer",
            "done_on": "Utförd",
            "cause": "Orsak",
            "minutes_spent": "Minuter",
            "cost_sek": "Kostnad kr",
        },
        ListKind.PLACEMENTS: {"individual_number": "Individnummer", "store": "Buffertförråd"},
    }
)
"""Our fields and the titles they have where no others are named."""

NEEDED: Final[Mapping[ListKind, tuple[str, ...]]] = MappingProxyType(
    {
        ListKind.ABSENCES: ("individual_number", "kind", "from_day"),
        ListKind.LOAN_FACTS: ("individual_number",),
        ListKind.REPAIRS: ("individual_number", "reference", "done_on"),
        ListKind.PLACEMENTS: ("individual_number", "store"),
    }
)
"""Fields without which a list is none of its kind."""

KIND_WORDS: Final[Mapping[str, AbsenceKind]] = MappingProxyType(
    {
        "sjukhus": AbsenceKind.HOSPITAL,
        "växelvård": AbsenceKind.RESPITE,
        "avlastning": AbsenceKind.RESPITE,
        "korttids": AbsenceKind.RESPITE,
        "resa": AbsenceKind.TRAVEL,
        "reparation": AbsenceKind.REPAIR,
        "på reparation": AbsenceKind.REPAIR,
        "annat": AbsenceKind.OTHER,
        **{kind.value: kind for kind in AbsenceKind},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRow:
    """An absence of whoever borrows the device."""

    individual_number: str
    away: Away


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsRow:
    """What a row says of a loan; `said` holds only what stands in it, by the names of the API."""

    individual_number: str
    said: Mapping[str, Any]
    replaced_by: str | None = None
    replaced_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRow:
    """A repair that another system has the order of."""

    individual_number: str
    reference: str
    done_on: date
    cause: str = ""
    minutes_spent: int | None = None
    cost_sek: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementRow:
    """A device and the buffer store in which it lies."""

    individual_number: str
    store: str


ListRow = AbsenceRow | FactsRow | RepairRow | PlacementRow


def read_list_row(kind: ListKind, cells: Mapping[str, Cell], today: date) -> ListRow | Refusal | None:
    """What a row says, why it cannot be used, or None where it says nothing.

    Args:
        kind: which list.
        cells: by our field names.
        today: the Swedish day.
    """
    others = [name for name in TITLES[kind] if name != "individual_number"]
    if not any(as_text(cells.get(name)) for name in others):
        return None
    number = as_text(cells.get("individual_number"))
    if not 0 < len(number) <= _LONGEST_NUMBER:
        return _NO_NUMBER
    return _READERS[kind](number, cells, today)


def _absence(number: str, cells: Mapping[str, Cell], _: date) -> ListRow | Refusal:
    kind = KIND_WORDS.get(as_text(cells.get("kind")).casefold())
    first, until = as_day(cells.get("from_day")), as_day(cells.get("until_day"))
    if kind is None:
        return _NO_KIND
    if first is None or (until is None and as_text(cells.get("until_day"))):
        return _NO_DAY
    return AbsenceRow(individual_number=number, away=Away(kind, first, until))


def _facts(number: str, cells: Mapping[str, Cell], _: date) -> ListRow | Refusal:
    texts = {name: as_text(cells.get(name)) for name in TITLES[ListKind.LOAN_FACTS]}
    interval, key = texts["prescribed_interval_days"], texts["borrower_key"]
    days = _whole(cells.get("prescribed_interval_days"))
    replaced_from = as_day(cells.get("replaced_from"))
    objections: tuple[tuple[bool, Refusal], ...] = (
        (bool(interval) and (days is None or not 1 <= days <= _LONGEST_INTERVAL), _NO_INTERVAL),
        (bool(key) and not _opaque(key), _NO_KEY),
        (bool(texts["replaced_by"]) != (replaced_from is not None), _HALF_REPLACED),
    )
    refusal = next((refusal for holds, refusal in objections if holds), None)
    if refusal is not None:
        return refusal
    said: dict[str, Any] = {"prescribed_interval_days": days} if interval else {}
    said |= {name: texts[name] for name in ("source", "borrower_key") if texts[name]}
    return FactsRow(
        individual_number=number,
        said=said,
        replaced_by=texts["replaced_by"] or None,
        replaced_from=replaced_from,
    )


def _repair(number: str, cells: Mapping[str, Cell], today: date) -> ListRow | Refusal:
    reference, cause = as_text(cells.get("reference")), as_text(cells.get("cause"))
    done_on, minutes = as_day(cells.get("done_on")), _whole(cells.get("minutes_spent"))
    cost = _money(cells.get("cost_sek"))
    objections: tuple[tuple[bool, Refusal], ...] = (
        (not 0 < len(reference) <= _LONGEST_NUMBER, _NO_REFERENCE),
        (done_on is None, _NO_DAY),
        (done_on is not None and done_on > today, _FUTURE),
        (len(cause) > _LONGEST_CAUSE or reason_problem(cause) is not None, _BAD_CAUSE),
        (minutes is None and bool(as_text(cells.get("minutes_spent"))), _NO_MINUTES),
        (minutes is not None and not 0 <= minutes <= _MOST_MINUTES, _NO_MINUTES),
        (cost is None and bool(as_text(cells.get("cost_sek"))), _NO_COST),
    )
    refusal = next((refusal for holds, refusal in objections if holds), None)
    if refusal is not None or done_on is None:
        return refusal or _NO_DAY
    return RepairRow(
        individual_number=number,
        reference=reference,
        done_on=done_on,
        cause=cause,
        minutes_spent=minutes,
        cost_sek=cost,
    )


def _placement(number: str, cells: Mapping[str, Cell], _: date) -> ListRow | Refusal:
    return PlacementRow(individual_number=number, store=as_text(cells.get("store")))


_READERS: Final[Mapping[ListKind, Callable[[str, Mapping[str, Cell], date], ListRow | Refusal]]] = MappingProxyType(
    {
        ListKind.ABSENCES: _absence,
        ListKind.LOAN_FACTS: _facts,
        ListKind.REPAIRS: _repair,
        ListKind.PLACEMENTS: _placement,
    }
)


def _whole(cell: Cell) -> int | None:
    if isinstance(cell, bool):
        return None
    text = as_text(cell)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _money(cell: Cell) -> Decimal | None:
    """A sum of money, typed as a number or as text with a decimal comma and blanks; never below zero."""
    text = "".join(as_text(cell).split()).replace("\u00a0", "").replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.01")) if value.is_finite() and 0 <= value < _MOST_SEK else None


def _opaque(key: str) -> bool:
    plain = all(character.isalnum() or character in "-_" for character in key)
    return 8 <= len(key) <= 64 and key.isascii() and plain and reason_problem(key) is None


_LONGEST_NUMBER: Final = 40
_LONGEST_CAUSE: Final = 200
_LONGEST_INTERVAL: Final = 366
_MOST_MINUTES: Final = 100_000
_MOST_SEK: Final = 10_000_000
_NO_NUMBER: Final = Refusal(
    Text(
        f"Individnummer saknas eller har mer än {_LONGEST_NUMBER} tecken.", "The individual number is missing or long."
    )
)
_NO_KIND: Final = Refusal(
    Text(
        "Frånvaron är inget av sjukhus, växelvård, resa, reparation, annat.",
        "The absence is none of hospital, respite, travel, repair, other.",
    )
)
_NO_DAY: Final = Refusal(Text("Skriv dagen som 2026-11-28.", "Write the day as 2026-11-28."))
_FUTURE: Final = Refusal(Text("Dagen har inte varit än.", "The day has not come yet."))
_NO_INTERVAL: Final = Refusal(
    Text("Intervallet är hela dagar, 1 till 366.", "The interval is whole days, 1 to 366."),
)
_NO_KEY: Final = Refusal(
    Text(
        "Låntagarnyckeln är 8-64 bokstäver och siffror som inte säger vem det är; aldrig personnummer.",
        "The borrower key is 8-64 letters and digits that do not tell who it is; never a personal number.",
    )
)
_HALF_REPLACED: Final = Refusal(
    Text(
        "Skriv både vad det ersattes av och från vilken dag.", "Write both what it was replaced by and from which day."
    )
)
_NO_REFERENCE: Final = Refusal(
    Text("Ordernumret saknas eller är för långt.", "The order number is missing or too long."),
)
_BAD_CAUSE: Final = Refusal(
    Text(
        f"Orsaken har mer än {_LONGEST_CAUSE} tecken, eller ser ut att innehålla ett personnummer.",
        f"The cause has more than {_LONGEST_CAUSE} characters, or seems to hold a personal number.",
    )
)
_NO_MINUTES: Final = Refusal(
    Text("Minuter är ett helt tal, noll eller mer.", "Minutes are a whole number, zero or more."),
)
_NO_COST: Final = Refusal(
    Text("Kostnaden är ett belopp i kronor, noll eller mer.", "The cost is a sum in SEK, zero or more."),
)
