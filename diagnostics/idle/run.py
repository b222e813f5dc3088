"""A run of verdicts: takes in new days, judges the devices with something new, writes what changed and counts."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.class_settings.reading import as_set
from diagnostics.idle.basis import (
    LEARN_AFTER,
    Basis,
    devices_of,
    digest_of,
    keep_basis,
    lost_sources,
    quiet_worth,
    read_basis,
)
from diagnostics.idle.bits import Bits, read_bits
from diagnostics.idle.choosing import chosen, devices_due
from diagnostics.idle.columns import Columns
from diagnostics.idle.days import WINDOW_DAYS, Taken, take_days, to_date, to_number
from diagnostics.idle.entries import Entries
from diagnostics.idle.facts import Facts
from diagnostics.idle.figures import correct, count_all, in_doubt
from diagnostics.idle.judging import Judgement, Verdicts, days_behind, policy_of, source_of
from diagnostics.idle.reading import Models, Reading, read_absences, read_common, read_facts, together
from diagnostics.idle.storing import Writer
from diagnostics.idle.usage import UNKNOWN
from diagnostics.queries import room
from fleet.alive import fit
from fleet.clock import aware, local_day
from fleet.idle import Verdict
from fleet.idle_fleet import code
from fleet.idle_policies import policies_over
from fleet.registry import Registry

_SQL: Final = room(__file__)
_FEWEST: Final = 100  # devices that a rhythm can be learnt from
_LOCK: Final = 0x666A0009
_KEPT_RUNS: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did.

    Attributes:
        devices: those that have a verdict; `judged` of them now, the others have nothing new.
        days: days of devices that were looked at; `rows` of day_block that changed.
        written: verdicts that say something else than before.
        learnt: models and classes whose rhythm was learnt.
        seconds: wall clock of taking days in, reading, judging and writing.
    """

    judged_at: datetime
    devices: int
    judged: int
    days: int
    rows: int
    written: int
    learnt: int
    seconds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def refresh(
    connection: psycopg.Connection, registry: Registry, now: datetime, *, learn: bool = False, every: bool = False
) -> Ran:
    """Brings every verdict up to date, in one transaction; another run waits for its end.

    Only devices with something new are judged (`diagnostics/idle/choosing.py`), unless what all verdicts rest on
    together has changed (`diagnostics/idle/basis.py`): then all are, once a week at least.

    Args:
        connection: as the worker.
        registry: the classes.
        now: aware; its Swedish day is the day of the verdicts.
        learn: judge all, and learn the fleet's rhythm anew.
        every: judge all, on what the verdicts rest on already.
    """
    clock = _Clock()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute("SET LOCAL statement_timeout = '10min'")
        # A few thousand devices of a region are looked up; by PostgreSQL's estimate of a disk that turns, all are read.
        connection.execute("SET LOCAL random_page_cost = 1.1")
        connection.execute("SET LOCAL work_mem = '64MB'")  # else what a whole day changes is sorted on the disk
        run = _Run(connection, as_set(connection, registry, aware(now)), aware(now), clock)
        basis = run.basis()
        ran = run.whole(learn=learn) if learn or basis is None else run.on(basis, every=every)
        connection.execute(_SQL["forget_runs"], {"before": now - _KEPT_RUNS})
    return ran


class _Run:
    """One run, in its transaction."""

    def __init__(self, connection: psycopg.Connection, registry: Registry, now: datetime, clock: "_Clock") -> None:
        self._connection = connection
        self._registry = registry
        self._now = now
        self._clock = clock
        self._today = local_day(now)
        self._models = Models.of(registry)
        self._common = read_common(connection, self._today)
        self._digest = digest_of(registry, self._common, self._today)
        self._kept = read_basis(connection)
        self._entries = Entries.read(connection)
        self._facts = Facts.read(connection)

    def basis(self) -> Basis | None:
        """What the latest run's verdicts rest on, where it still is the same."""
        kept = self._kept
        holds = kept is not None and kept.holds(self._digest, self._today, self._now, self._entries.devices())
        return kept if holds else None

    def on(self, basis: Basis, *, every: bool) -> Ran:
        """Judges what is new, or every device on the same basis."""
        due = devices_due(self._connection)
        self._facts.forget(np.unique(np.array(due, np.int64)))
        taken = take_days(self._connection, self._registry, self._now, self._classes_of, whole=every)
        self._clock.lap("days")
        bits = read_bits(self._connection, basis.first, to_number(self._today))
        some = None if every else self._chosen(bits, taken, due)
        reading, sources = self._read(bits, some)
        before, basis = basis, replace(basis, sources=sources)
        late = set() if some is None else self._of_sources(before.sources, basis.sources) - set(some.tolist())
        if some is not None and late:
            reading, _ = self._read(bits, np.union1d(some, sorted(late)))
        self._clock.lap("read")
        return self._judged(reading, basis, taken, due, counts=every or bool(due))

    def whole(self, *, learn: bool) -> Ran:
        """Judges every device on a new basis, and learns the fleet's rhythm where that is due."""
        due = devices_due(self._connection)
        taken = take_days(self._connection, self._registry, self._now, self._classes_of)
        self._clock.lap("days")
        bits = read_bits(self._connection, to_number(self._today) - WINDOW_DAYS + 1, to_number(self._today))
        self._entries = self._entries.emptied()
        reading, sources = self._read(bits, None)
        self._clock.lap("read")
        policies = policy_of(self._models, policies_over(self._registry, to_date(bits.first), bits.length))
        basis = Basis(
            first=bits.first,
            digest=self._digest,
            quiet_worth=quiet_worth(self._registry, policies, self._entries, bits),
            sources=sources,
            learnt_at=self._now if self._kept is None else self._kept.learnt_at,
            devices=len(reading.facts["device_no"]) if self._kept is None else self._kept.devices,
        )
        learnt = 0
        if learn or self._learn_due(len(reading.facts["device_no"])):
            learnt = _learn(self._connection, self._judgement(reading, basis).run(), self._now)
            self._common = read_common(self._connection, self._today)
            digest = digest_of(self._registry, self._common, self._today)
            devices = len(reading.facts["device_no"])
            basis = replace(basis, digest=digest, learnt_at=self._now, devices=devices)
            reading = replace(reading, fits=self._common.fits)
        return replace(self._judged(reading, basis, taken, due, counts=True), learnt=learnt)

    def _learn_due(self, devices: int) -> bool:
        kept = self._kept
        return kept is None or self._now - kept.learnt_at > LEARN_AFTER or not kept.big_enough(devices)

    def _chosen(self, bits: Bits, taken: Taken, due: list[int]) -> NDArray[np.int64]:
        pairs = [device for device, others in self._common.others.items() for device in (device, *others)]
        new = chosen(self._connection, self._registry, self._models, self._entries, bits, taken, self._now)
        return np.unique(np.array([*due, *pairs, *new], np.int64))

    def _read(self, bits: Bits, some: NDArray[np.int64] | None) -> tuple[Reading, dict[int, int]]:
        """The facts of some devices, and which sources stand still: every device's entry must know of its own."""
        facts = self._facts_of(bits, some)
        devices = facts["device_no"]
        self._entries.note(devices, {"model": facts["model"], "source": source_of(facts, self._models)})
        if some is not None:
            self._entries.forget(np.setdiff1d(some, devices))
        with ThreadPoolExecutor(1) as beside:
            absences = beside.submit(read_absences, self._connection, some)
            sources = lost_sources(self._entries, bits, self._common.outages)
        reading = Reading(
            facts=facts,
            bits=bits,
            absences=absences.result(),
            others=self._common.others,
            outages=self._common.outages,
            prices=self._common.prices,
            fits=self._common.fits,
        )
        return reading, sources

    def _facts_of(self, bits: Bits, some: NDArray[np.int64] | None) -> Columns:
        """The register is asked about those of whom a fact was written, or who were not heard on the newest day."""
        if some is None:
            self._facts = self._facts.emptied()
            facts = read_facts(self._connection, self._models, None)
            self._facts.learn(facts)
            return facts
        today = bits.length - 1 - days_behind(self._models, self._now)
        known = self._facts.known(some) & bits.heard_on(some, today[self._facts.models_of(some)])
        asked = read_facts(self._connection, self._models, some[~known])
        self._facts.learn(asked)
        return together([asked, self._facts.of_heard(some[known])])

    def _classes_of(self, devices: NDArray[np.int64]) -> NDArray[np.int32]:
        """As places in the registry's order, of those whose facts are known."""
        names = [profile.name for profile in self._registry]
        of_model = [UNKNOWN, *(names.index(profile.name) for profile in self._models.profiles)]
        return np.array(of_model, np.int32)[self._facts.models_of(devices)]

    def _of_sources(self, before: Mapping[int, int], now: Mapping[int, int]) -> set[int]:
        """Silent devices whose source stands still now and did not, or the other way about."""
        changed = {source for source in {*before, *now} if before.get(source) != now.get(source)}
        verdicts = [code(Verdict.SILENT), code(Verdict.SOURCE_LOST)]
        return set(devices_of(self._entries, changed, verdicts)) if changed else set()

    def _judgement(self, reading: Reading, basis: Basis) -> Judgement:
        return Judgement(reading, self._models, self._registry, self._now, basis)

    def _judged(self, reading: Reading, basis: Basis, taken: Taken, due: list[int], *, counts: bool) -> Ran:
        """Judges the devices read, and writes meanwhile what changed; the figures follow, or are counted anew."""
        connection = self._connection
        keep_basis(connection, basis)
        with Writer(connection, reading, self._now) as writer:
            found = self._judgement(reading, basis).run(writer.take)
            self._clock.lap("judge")
            change = writer.finish(found)
        if due:
            connection.execute(_SQL["follow_register"], {"devices": due})
        self._entries.note(reading.facts["device_no"], {"verdict": found.values["verdict"], **found.next})
        self._entries.write(connection)
        self._facts.write(connection)
        if not counts:
            correct(connection, change)
        if counts or in_doubt(connection):
            count_all(connection)
        return self._ran(len(found.content), taken, writer.written)

    def _ran(self, judged: int, taken: Taken, written: int) -> Ran:
        devices = self._entries.devices()
        run = {"judged_at": self._now, "judged_day": self._today, "devices": devices, "written": written}
        self._connection.execute(_SQL["note_run"], {**run, "seconds": self._clock.total()})
        self._clock.lap("write")
        return Ran(
            judged_at=self._now,
            devices=devices,
            judged=judged,
            days=taken.days,
            rows=taken.rows,
            written=written,
            learnt=0,
            seconds=self._clock.laps,
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
