"""Writes the verdicts that say something else than before, and remembers which became another."""

from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL, Composed, Identifier, Literal

from diagnostics.idle.columns import Doubles, Wholes, sending
from diagnostics.idle.judging import Verdicts
from diagnostics.idle.reading import Reading
from diagnostics.queries import formatted, room
from fleet.clock import local_day
from fleet.idle import Opinion, Step, Verdict

_SQL: Final = room(__file__)
_BATCH: Final = 100_000
_WORDS: Final = {"verdict": Verdict, "step": Step, "opinion": Opinion}
_KINDS: Final = {
    "verdict": "word", "step": "word", "since": "day", "days": "integer", "content": "itself", "last_used_day": "day",
    "last_heard_day": "day", "unheard_days": "integer", "absent_days": "integer", "quiet_days": "integer",
    "note_days": "integer", "contact_days": "integer", "propose_days": "integer", "usual_gap_days": "real",
    "longest_gap_days": "real", "source_id": "integer", "other_device_no": "integer", "double_days": "integer",
    "p_in_use": "real", "p_low": "real", "p_high": "real", "opinion": "word", "recent_days": "itself",
    "rent_sek": "numeric", "cost_sek": "numeric",
}  # fmt: skip
"""What each column is made of the number that is sent: a place in a list of words, a day from 2000-01-01, a number."""
_SENT: Final = {"recent_days": "::text[]"}  # what does not name its type itself
_MADE: Final = {
    "itself": SQL("f.{column}"),
    "day": SQL("date '2000-01-01' + nullif(f.{column}, 'NaN')::integer"),
    "integer": SQL("nullif(f.{column}, 'NaN')::integer"),
    "real": SQL("nullif(f.{column}, 'NaN')::real"),
    "numeric": SQL("nullif(f.{column}, 'NaN')::numeric"),
}


def changed_rows(reading: Reading, found: Verdicts) -> NDArray[np.int64]:
    """The devices, by their places, whose row says something else than before."""
    return np.flatnonzero(found.content != reading.facts["content"])


def store(
    connection: psycopg.Connection, reading: Reading, found: Verdicts, changed: NDArray[np.int64], now: datetime
) -> None:
    """Writes the rows of some devices, given by their places."""
    note = formatted(_SQL["note_changes"], verdict=_made("verdict"), step=_made("step"))
    statement = _store_statement()
    stamp = {"judged_day": local_day(now), "judged_at": now}
    with sending(connection) as cursor:
        for start in range(0, len(changed), _BATCH):
            values = {**stamp, **_columns(reading, found, changed[start : start + _BATCH])}
            cursor.execute(note, values)
            cursor.execute(statement, values)


def _store_statement() -> Composed:
    arrays = SQL(", ").join(SQL(f"%({name})s{_SENT.get(name, '')}") for name in _KINDS)
    assignments = SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in _KINDS)
    columns = SQL(", ").join(map(Identifier, _KINDS))
    values = SQL(", ").join(map(_made, _KINDS))
    return formatted(_SQL["store"], columns=columns, values=values, arrays=arrays, assignments=assignments)


def _made(name: str) -> Composed:
    """What a column holds, of what was sent for it."""
    if name in _WORDS:
        words = Literal([str(word) for word in _WORDS[name]])
        return SQL("({words}::text[])[f.{column}::integer + 1]").format(words=words, column=Identifier(name))
    return _MADE[_KINDS[name]].format(column=Identifier(name))


def _columns(reading: Reading, found: Verdicts, rows: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "device_no": Wholes(reading.facts["device_no"][rows]),
        "loan_at": Wholes(reading.facts["loan_at"][rows]),
        "content": Wholes(found.content[rows]),
        "recent_days": [found.recent.get(row) for row in rows.tolist()],
        **{name: Doubles(column[rows]) for name, column in found.values.items()},
    }
