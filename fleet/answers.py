"""Prescribers' answers, pure: a row of the returned list becomes an answer, nothing (left empty), or why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from fleet.recall import Action, Refusal, snooze_until
from fleet.text import Text

Cell = str | int | float | bool | date | None

WORDS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "behövs": Action.NEED,
        "oanvänt": Action.CONFIRM,
        "oanvänd": Action.CONFIRM,
        "kan hämtas": Action.CONFIRM,
        "förkommet": Action.LOSE,
        "needed": Action.NEED,
        "unused": Action.CONFIRM,
        "lost": Action.LOSE,
    }
)
CHOICES: Final = ("behövs", "kan hämtas", "förkommet")
"""What the list offers."""

_PERSONAL_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{2}[01]\d[0-9]\d[-+ ]?\d{4}(?!\d)")
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a prescriber said of one case.

    Attributes:
        case_id, individual_number: both must fit, so that a row that slipped answers for nobody else's device.
        until: last day on which "needed" holds; None for other answers.
    """

    case_id: int
    individual_number: str
    action: Action
    why: str
    until: date | None


def read_answer(cells: Mapping[str, Cell], today: date) -> Answer | Refusal | None:
    """The answer in a row, None where it was left empty.

    Args:
        cells: by our field names: `case_id`, `individual_number`, `answer`, `answer_reason`, `snooze_until`.
        today: the Swedish day.
    """
    word = str(cells.get("answer") or "").strip().casefold()
    if not word:
        return None
    action = WORDS.get(word)
    if action is None:
        return _UNKNOWN_WORD
    identity = whole_number(cells.get("case_id")), as_text(cells.get("individual_number"))
    return _with_reason(action, identity, cells, today)


def _with_reason(
    action: Action, identity: tuple[int | None, str], cells: Mapping[str, Cell], today: date
) -> Answer | Refusal:
    case_id, number = identity
    if case_id is None or not number:
        return _NO_IDENTITY
    reason = as_text(cells.get("answer_reason"))
    problem = reason_problem(reason)
    if problem is None and action is Action.NEED and not reason:
        problem = _NEEDS_REASON
    if problem is not None:
        return problem
    until = _until(cells.get("snooze_until"), today) if action is Action.NEED else None
    if isinstance(until, Refusal):
        return until
    return Answer(case_id, number, action, reason or _DEFAULT_REASON[action], until)


def reason_problem(reason: str) -> Refusal | None:
    """Why a free text must not be kept: too long, or what looks like a personal number. Names nobody can recognise."""
    if len(reason) > _LONGEST_REASON:
        return _REASON_LONG
    return _PERSONAL if _PERSONAL_NUMBER.search(reason) else None


def whole_number(cell: Cell) -> int | None:
    """A positive whole number, typed as one or as text."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int):
        return cell if 0 < cell < 2**63 else None
    text = str(cell).strip()
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 19 and int(text) > 0 else None


def as_text(cell: Cell) -> str:
    """A cell as text: a number that Excel made of an individual number becomes its digits again."""
    return "" if cell is None else str(cell).strip()


def as_day(cell: Cell) -> date | None:
    """A day, typed as a date or as text 2026-11-28; None for anything else."""
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(as_text(cell))
    except ValueError:
        return None


def _until(cell: Cell, today: date) -> date | Refusal:
    if as_text(cell) == "":
        return snooze_until(None, today)
    day = as_day(cell)
    return _BAD_DAY if day is None else snooze_until(day, today)


_DEFAULT_REASON: Final = {
    Action.CONFIRM: "svar i lista: kan hämtas",
    Action.LOSE: "svar i lista: förkommet",
}
_UNKNOWN_WORD: Final = Refusal(
    Text(
        f"Svaret är inget av orden {', '.join(CHOICES)}.",
        "The answer is none of the words needed, unused, lost.",
    )
)
_NO_IDENTITY: Final = Refusal(
    Text("Ärendenummer eller individnummer saknas på raden.", "The row lacks its case number or individual number.")
)
_NEEDS_REASON: Final = Refusal(
    Text("Skriv varför hjälpmedlet behövs.", "Say why the device is needed."),
)
_REASON_LONG: Final = Refusal(
    Text(f"Skälet har mer än {_LONGEST_REASON} tecken.", f"The reason has more than {_LONGEST_REASON} characters.")
)
_PERSONAL: Final = Refusal(
    Text(
        "Texten ser ut att innehålla ett personnummer; skriv den utan uppgifter om personen.",
        "The text seems to hold a personal number; write it without anything about the person.",
    )
)
_BAD_DAY: Final = Refusal(Text("Skriv dagen som 2026-11-28.", "Write the day as 2026-11-28."))
