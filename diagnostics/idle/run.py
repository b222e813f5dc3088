"""A run of verdicts: takes in new days, judges every device, writes what changed, and counts the figures."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL, Composed, Identifier

from diagnostics.idle.days import take_days, to_date
from diagnostics.idle.judging import Judgement, Verdicts, opinion_words, step_words, verdict_words
from diagnostics.idle.reading import Models, Reading, read
from diagnostics.queries import formatted, room
from fleet.alive import fit
from fleet.clock import aware, local_day
from fleet.idle import Verdict
from fleet.plumbing.store.register import LEGAL_FRAMES
from fleet.registry import Registry

_SQL: Final = room(__file__)
_BATCH: Final = 20_000
_FEWEST: Final = 100  # devices that a rhythm can be learnt from
_LEARN_AFTER: Final = timedelta(days=7)
_LOCK: Final = 0x666A0009
_KEPT_RUNS: Final = timedelta(days=400)
_DATES: Final = ("since", "last_used_day", "last_heard_day")
_TYPES: Final = {
    "verdict": "text", "step": "text", "since": "date", "days": "integer", "content": "bigint", "last_used_day": "date",
    "last_heard_day": "date", "unheard_days": "integer", "absent_days": "integer", "quiet_days": "integer",
    "note_days": "integer", "contact_days": "integer", "propose_days": "integer", "usual_gap_days": "real",
    "longest_gap_days": "real", "source_id": "integer", "other_device_no": "integer", "double_days": "integer",
    "p_in_use": "real", "p_low": "real", "p_high": "real", "opinion": "text", "recent_days": "text",
    "rent_sek": "numeric", "cost_sek": "numeric",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did.

    Attributes:
        days: days of devices that were looked at; `rows` of day_block that changed.
        written: verdicts that say something else than before.
        learnt: models and classes whose rhythm was learnt.
        seconds: wall clock of taking days in, reading, judging and writing.
    """

    judged_at: datetime
    devices: int
    days: int
    rows: int
    written: int
    learnt: int
    seconds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def refresh(connection: psycopg.Connection, registry: Registry, now: datetime, *, learn: bool = False) -> Ran:
    """Brings every verdict up to date, in one transaction; another run waits for its end.

    Args:
        connection: as the worker.
        registry: the classes.
        now: aware; its Swedish day is the day of the verdicts.
        learn: learn the fleet's rhythm anew now; else only where it is older than a week or missing.
    """
    models, today, clock = Models.of(registry), local_day(aware(now)), _Clock()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute("SET LOCAL statement_timeout = '10min'")
        taken = take_days(connection, registry, now)
        clock.lap("days")
        reading = read(connection, models, today)
        clock.lap("read")
        found = Judgement(reading, models, registry, now).run()
        learnt = _learn(connection, found, now) if learn or _learn_due(connection, now) else 0
        if learnt:
            found = Judgement(read(connection, models, today), models, registry, now).run()
        clock.lap("judge")
        written = _store(connection, reading, found, now)
        _count(connection, reading, models, found)
        devices = len(found.content)
        run = {"judged_at": now, "judged_day": today, "devices": devices, "written": written}
        connection.execute(_SQL["note_run"], {**run, "seconds": clock.total()})
        connection.execute(_SQL["forget_runs"], {"before": now - _KEPT_RUNS})
        clock.lap("write")
    return Ran(
        judged_at=now,
        devices=devices,
        days=taken.days,
        rows=taken.rows,
        written=written,
        learnt=learnt,
        seconds=clock.laps,
    )


class _Clock:
    """Wall clock of the parts of a run."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._began = time.perf_counter()

    def lap(self, name: str) -> None:
        """Ends a part."""
        now = time.perf_counter()
        self.laps[name] = round(now - self._began, 3)
        self._began = now

    def total(self) -> float:
        """Seconds of all parts so far."""
        return sum(self.laps.values())


def _learn_due(connection: psycopg.Connection, now: datetime) -> bool:
    row = connection.execute("SELECT max(fitted_at) FROM idle_fit").fetchone()
    return row is None or row[0] is None or now - row[0] > _LEARN_AFTER


def _learn(connection: psycopg.Connection, found: Verdicts, now: datetime) -> int:
    """Learns the rhythm of each model with enough devices, and of each class; returns how many."""
    groups: dict[tuple[str, str], tuple[list[Any], list[Any]]] = {}
    for (device_class, model), sample in found.samples.items():
        for key in ((device_class, model), (device_class, "")):
            histograms, gaps = groups.setdefault(key, ([], []))
            histograms += sample.histograms
            gaps += sample.gaps
    learnt = 0
    for (device_class, model), (histograms, gaps) in groups.items():
        histogram, gap = np.concatenate(histograms), np.concatenate(gaps)
        if len(gap) < _FEWEST:
            continue
        made = fit(histogram, gap)
        row = {"device_class": device_class, "model_key": model, "parameters": made.flat(), "devices": made.devices}
        connection.execute(_SQL["keep_fit"], {**row, "fitted_at": now})
        learnt += 1
    return learnt


def _store(connection: psycopg.Connection, reading: Reading, found: Verdicts, now: datetime) -> int:
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


def _count(connection: psycopg.Connection, reading: Reading, models: Models, found: Verdicts) -> None:
    """Counts every device once, by payer, frame, class, unit, depot, verdict and step."""
    facts, values = reading.facts, found.values
    classes = ["?", *(profile.name for profile in models.profiles)]
    names = sorted(set(classes))
    class_of = np.array([names.index(name) for name in classes])[facts["model"]]
    keys = [facts["payer"], facts["frame"], class_of, facts["prescriber"], facts["depot"]]
    table = np.stack([*keys, values["verdict"].astype(np.int64), values["step"].astype(np.int64)])
    groups, place = np.unique(table, axis=1, return_inverse=True)
    count = groups.shape[1]
    on_loan = values["verdict"] != list(Verdict).index(Verdict.IN_STOCK)
    sums = {
        "devices": np.bincount(place, minlength=count),
        "rent": np.bincount(place, np.nan_to_num(values["rent_sek"]) * on_loan, minlength=count).round(2),
        "cost": np.bincount(place, np.nan_to_num(values["cost_sek"]), minlength=count).round(2),
    }
    frames = [None, *LEGAL_FRAMES]
    connection.execute(_SQL["forget_figures"])
    connection.execute(
        _SQL["count_in"],
        {
            "payer": groups[0].tolist(),
            "frame": [frames[frame] for frame in groups[1]],
            "device_class": [names[number] for number in groups[2]],
            "prescriber": groups[3].tolist(),
            "depot": groups[4].tolist(),
            "verdict": verdict_words(groups[5].astype(np.float64)),
            "step": step_words(groups[6].astype(np.float64)),
            **{name: column.tolist() for name, column in sums.items()},
        },
    )
