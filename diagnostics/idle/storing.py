"""Writes the verdicts that say something else than before, and remembers which became another."""

from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, Self

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL, Composed, Identifier, Literal

from diagnostics.idle.columns import Doubles, Texts, Wholes, read_packed, sending
from diagnostics.idle.figures import Change
from diagnostics.idle.judging import Verdicts
from diagnostics.idle.reading import Reading
from diagnostics.queries import formatted, room
from fleet.clock import local_day
from fleet.idle import Opinion, Step, Verdict

_SQL: Final = room(__file__)
_CONTENT: Final = np.dtype([("device_no", ">i4"), ("content", ">i8")])
_BATCH: Final = 5_000
_WORDS: Final = {"verdict": Verdict, "step": Step, "opinion": Opinion}
_KINDS: Final = {
    "verdict": "word", "step": "word", "since": "day", "days": "integer", "content": "itself", "last_used_day": "day",
    "last_heard_day": "day", "unheard_days": "integer", "absent_days": "integer", "quiet_days": "integer",
    "note_days": "integer", "contact_days": "integer", "propose_days": "integer", "usual_gap_days": "real",
    "longest_gap_days": "real", "source_id": "integer", "other_device_no": "integer", "double_days": "integer",
    "p_in_use": "real", "p_low": "real", "p_high": "real", "opinion": "word", "recent_days": "letters",
    "rent_sek": "numeric", "cost_sek": "numeric",
}  # fmt: skip
"""What each column is made of the number that is sent: a place in a list of words, a day from 2000-01-01, a number."""
_MADE: Final = {
    "itself": SQL("f.{column}"),
    "letters": SQL("nullif(ltrim(f.{column}), '')"),
    "day": SQL("date '2000-01-01' + nullif(f.{column}, 'NaN')::integer"),
    "integer": SQL("nullif(f.{column}, 'NaN')::integer"),
    "real": SQL("nullif(f.{column}, 'NaN')::real"),
    "numeric": SQL("nullif(f.{column}, 'NaN')::numeric"),
}


class Writer:
    """Writes rows while further devices are judged; the connection is its own meanwhile."""

    def __init__(self, connection: psycopg.Connection, reading: Reading, now: datetime) -> None:
        self._connection = connection
        self._reading = reading
        self._stamp = {"judged_day": local_day(now), "judged_at": now}
        self._statement = _store_statement()
        self._waiting: list[NDArray[np.int64]] = []
        self._begun: list[Future[Change]] = []
        self.written = 0

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(1)
        self._before = self._pool.submit(self._contents)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self, found: Verdicts, rows: NDArray[np.int64]) -> None:
        """Devices, by their places, that have been judged: those that say something else will be written."""
        changed = rows[found.content[rows] != self._before.result()[rows]]
        self.written += len(changed)
        self._waiting.append(changed)
        if sum(map(len, self._waiting)) >= _BATCH:
            self._begin(found)

    def finish(self, found: Verdicts) -> Change:
        """Waits until all is written; returns what that changes in the figures."""
        self._begin(found)
        change: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, 0])
        for *group, devices, rent, cost in (row for begun in self._begun for row in begun.result()):
            sums = change[tuple(group)]
            sums[:] = sums[0] + devices, sums[1] + rent, sums[2] + cost
        return [(*group, *sums) for group, sums in change.items()]

    def _contents(self) -> NDArray[np.int64]:
        """What the rows say so far, as `Verdicts.content`; 0 where there is none."""
        devices = self._reading.facts["device_no"]
        rows = read_packed(self._connection, _SQL["contents"], {"devices": Wholes(devices)}, _CONTENT)
        before = np.zeros(len(devices), np.int64)
        before[np.searchsorted(devices, rows["device_no"])] = rows["content"]
        return before

    def _begin(self, found: Verdicts) -> None:
        rows, self._waiting = np.concatenate([np.zeros(0, np.int64), *self._waiting]), []
        if len(rows):
            self._begun.append(self._pool.submit(self._store, found, rows))

    def _store(self, found: Verdicts, rows: NDArray[np.int64]) -> Change:
        with sending(self._connection) as cursor:
            cursor.execute(self._statement, {**self._stamp, **_columns(self._reading, found, rows)})
            return cursor.fetchall()


def _store_statement() -> Composed:
    arrays = SQL(", ").join(SQL(f"unnest(%({name})s) AS {{}}").format(Identifier(name)) for name in _KINDS)
    assignments = SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in _KINDS)
    columns = SQL(", ").join(map(Identifier, _KINDS))
    values = SQL(", ").join(SQL("{} AS {}").format(_made(name), Identifier(name)) for name in _KINDS)
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
        "recent_days": Texts(found.recent[rows]),
        **{name: Doubles(column[rows]) for name, column in found.values.items()},
    }
