"""Which devices a search means, pure: conditions that an index can serve under row security, the widest reading last.

Row security lets an index serve only what cannot leak (comparisons of whole values, not patterns). So a text is first
read as the beginning of a number, as an id, as a maker or model, and as a prescribing
unit; only a text that finds nothing as those is looked
for anywhere, which reads every device in scope.
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
_ID: Final = SQL("d.device_id = %(text)s")
_MODELS: Final = SQL("d.model_key = ANY (%(models)s::text[])")
_UNITS: Final = SQL(
    "d.device_no IN (SELECT l.device_no FROM loan l WHERE l.prescriber_id = ANY (%(units)s::integer[])"
    " AND l.ended_at IS NULL)"
)
_ANYWHERE: Final = SQL(
    "(concat_ws(' ', d.individual_number, d.device_id, d.serial_number) ILIKE %(like)s"
    " OR d.model_key IN (SELECT m.model_key FROM device_model m WHERE concat_ws(' ', m.maker, m.name) ILIKE %(like)s))"
)
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


def readings_of(text: str, models: list[str] | None, units: list[int] | None = None) -> list[Reading]:
    """What a text may mean, the narrowest first; the last one is the text anywhere.

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
    elif text.startswith("d-"):
        readings.append((_ID, {"text": text}))
    if models:
        readings.append((_MODELS, {"models": models}))
    if units:
        readings.append((_UNITS, {"units": units}))
    return [*readings, (_ANYWHERE, {"like": contains(text)})]


def following(digits: str) -> str | None:
    """The first text of digits after everything that begins with these; None where there is none, as after 99."""
    kept = digits.rstrip("9")
    return f"{kept[:-1]}{int(kept[-1]) + 1}" if kept else None


def contains(text: str) -> str:
    """A pattern for LIKE that has a text anywhere; no character of the text is a wildcard."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
