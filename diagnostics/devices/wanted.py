"""Which devices a search means, pure: conditions that an index can serve under row security, the widest reading last.

Row security lets an index serve only what cannot leak (comparisons of whole values, not patterns). So a text is first
read as a number or its beginning, as an id, as a maker or model, and as a prescribing unit; only a text that finds
nothing as those is looked for anywhere in the numbers: by its runs of three letters or digits, which an index knows,
and where it has none (`AB-1`) by reading the numbers in scope.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from psycopg.sql import SQL

AFTER: Final = SQL("d.individual_number > %(after)s")
_NUMBER: Final = re.compile(r"[0-9]+")
_PLAIN: Final = {
    "individual_number": SQL("d.individual_number = %(individual_number)s"),
    "device_class": SQL("d.device_class = %(device_class)s"),
    "payer": SQL("d.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s)"),
}
_ALARMING: Final = SQL("d.device_no IN (SELECT device_no FROM alarm WHERE cleared_at IS NULL)")
_JUDGED: Final = SQL(
    "d.loan_started_at IS NOT NULL AND d.enrolled_at IS NOT NULL AND EXISTS (SELECT FROM idle_verdict v"
    " WHERE v.device_no = d.device_no AND v.verdict = %(verdict)s AND v.loan_started_at = d.loan_started_at)"
)
# What the register says at once (diagnostics/queries.sql, judged); every other verdict is of the latest run.
_BY_REGISTER: Final = {
    "in_stock": SQL("d.loan_started_at IS NULL"),
    "cannot_report": SQL("d.loan_started_at IS NOT NULL AND d.enrolled_at IS NULL"),
}
_BEGINS: Final = SQL("d.individual_number >= %(text)s AND left(d.individual_number, length(%(text)s)) = %(text)s")
_BEFORE: Final = SQL(" AND d.individual_number < %(beyond)s")
_IS: Final = SQL("d.individual_number = %(text)s")
_ID: Final = SQL("d.device_id = %(text)s")
_MODELS: Final = SQL("d.model_key = ANY (%(models)s::text[])")
_UNITS: Final = SQL(
    "d.device_no IN (SELECT l.device_no FROM loan l WHERE l.prescriber_id = ANY (%(units)s::integer[])"
    " AND l.ended_at IS NULL)"
)
ANYWHERE: Final = SQL("concat_ws(' ', d.individual_number, d.device_id, d.serial_number) ILIKE %(like)s")
"""For a text that very many devices have or no index knows; of few others, `devices_with_text` tells the numbers."""
_RUN: Final = re.compile(r"[^\W_]{3}")
Reading = tuple[SQL, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Filters of a search; None is not asked for. `alarming`: only devices with an open alarm."""

    individual_number: str | None = None
    device_class: str | None = None
    payer: str | None = None
    verdict: str | None = None
    alarming: bool = False
    text: str | None = None

    def conditions(self) -> tuple[list[SQL], dict[str, Any]]:
        """Conditions on `device d` and their parameters, but for the text's."""
        given = {name: value for name in _PLAIN if (value := getattr(self, name)) is not None}
        found = [_PLAIN[name] for name in given]
        if self.alarming:
            found.append(_ALARMING)
        if self.verdict is not None:
            found.append(_BY_REGISTER.get(self.verdict, _JUDGED))
            given["verdict"] = self.verdict
        return found, given


def of_payers(number: int) -> SQL:
    """Row security's condition once more, in a form that leads to an index; of one payer its order is the list's."""
    return SQL("d.payer_id = (%(payers)s::integer[])[1]" if number == 1 else "d.payer_id = ANY (%(payers)s::integer[])")


def readings_of(text: str, models: list[str] | None, units: list[int] | None = None) -> list[Reading]:
    """What a text may mean that an index serves under row security, the narrowest first.

    Args:
        text: what was searched for.
        models: keys of the models whose maker or name has the text in it.
        units: numbers of the prescribing units with that code, or with the text in their name.
    """
    readings: list[Reading] = []
    if _NUMBER.fullmatch(text):
        beyond = following(text)
        condition = _BEGINS if beyond is None else SQL(_BEGINS.as_string() + _BEFORE.as_string())
        readings.append((condition, {"text": text, "beyond": beyond}))
    else:
        readings.append((_ID if text.startswith("d-") else _IS, {"text": text}))
    if models:
        readings.append((_MODELS, {"models": models}))
    if units:
        readings.append((_UNITS, {"units": units}))
    return readings


def has_run(text: str) -> bool:
    """Whether an index finds a text within numbers: it has three letters or digits in a row."""
    return _RUN.search(text) is not None


def following(digits: str) -> str | None:
    """The first text of digits after everything that begins with these; None where there is none, as after 99."""
    kept = digits.rstrip("9")
    return f"{kept[:-1]}{int(kept[-1]) + 1}" if kept else None


def contains(text: str) -> str:
    """A pattern for LIKE that has a text anywhere; no character of the text is a wildcard."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
