"""Writes the verdicts that say something else than before, and remembers which became another."""

from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL, Composed, Identifier

from diagnostics.idle.days import to_date
from diagnostics.idle.judging import Verdicts, opinion_words, step_words, verdict_words
from diagnostics.idle.reading import Reading
from diagnostics.queries import formatted, room
from fleet.clock import local_day

_SQL: Final = room(__file__)
_BATCH: Final = 20_000
_DATES: Final = ("since", "last_used_day", "last_heard_day")
_TYPES: Final = {
    "verdict": "text", "step": "text", "since": "date", "days": "integer", "content": "bigint", "last_used_day": "date",
    "last_heard_day": "date", "unheard_days": "integer", "absent_days": "integer", "quiet_days": "integer",
    "note_days": "integer", "contact_days": "integer", "propose_days": "integer", "usual_gap_days": "real",
    "longest_gap_days": "real", "source_id": "integer", "other_device_no": "integer", "double_days": "integer",
    "p_in_use": "real", "p_low": "real", "p_high": "real", "opinion": "text", "recent_days": "text",
    "rent_sek": "numeric", "cost_sek": "numeric",
}  # fmt: skip


def store(connection: psycopg.Connection, reading: Reading, found: Verdicts, now: datetime) -> int:
    """Writes the rows whose content changed; returns how many."""
    changed = np.flatnonzero(found.content != reading.facts["content"])
    statement = _store_statement()
    stamp = {"judged_day": local_day(now), "judged_at": now}
    for start in range(0, len(changed), _BATCH):
        rows = changed[start : start + _BATCH]
        values = {**stamp, **_columns(reading, found, rows)}
        connection.execute(_SQL["note_changes"], values)
        connection.execute(statement, values)
    return len(changed)


def _store_statement() -> Composed:
    arrays = SQL(", ").join(SQL(f"%({name})s::{kind}[]") for name, kind in _TYPES.items())
    assignments = SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in _TYPES)
    columns = SQL(", ").join(map(Identifier, _TYPES))
    return formatted(_SQL["store"], columns=columns, arrays=arrays, assignments=assignments)


def _columns(reading: Reading, found: Verdicts, rows: NDArray[np.int64]) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {
        "device_no": reading.facts["device_no"][rows].tolist(),
        "loan_at": reading.facts["loan_at"][rows].tolist(),
        "content": found.content[rows].tolist(),
        "recent_days": [found.recent.get(row) for row in rows.tolist()],
    }
    for name, column in found.values.items():
        values = column[rows]
        if name in _WORDS:
            made[name] = _WORDS[name](values)
        elif name in _DATES:
            made[name] = [None if value != value else to_date(int(value)) for value in values.tolist()]  # noqa: PLR0124 - NaN
        elif _TYPES[name] == "integer":
            made[name] = [None if value != value else int(value) for value in values.tolist()]  # noqa: PLR0124
        else:
            made[name] = [None if value != value else value for value in values.tolist()]  # noqa: PLR0124
    return made


_WORDS: Final = {"verdict": verdict_words, "step": step_words, "opinion": opinion_words}
