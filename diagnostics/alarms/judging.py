"""Judging devices: reads their state, asks the engine, writes alarms and notifications in one transaction."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from diagnostics.alarms import telling
from diagnostics.alarms.applying import Changed, apply
from diagnostics.alarms.engine import Action, Case, Decision, decide, next_look
from diagnostics.alarms.past import load_past
from diagnostics.alarms.rulebook import Book, books, digest
from diagnostics.alarms.silence_turns import SilenceTurns, SilentFor
from diagnostics.alarms.snapshot import Past, case_of
from diagnostics.doses.supervising import Supervised, supervise_all
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from fleet.class_settings import applied, from_row
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.rules import Rule, Silence

_SQL: Final = room(__file__)
_CHUNK: Final = 200
_LOOKED_AT: Final = 50_000  # devices whose silence is looked at by one question
_STRIDE: Final = 20
"""Devices that are judged without a pause, some milliseconds: a command to be sent waits no longer than that."""
_LOCK_CLASS: Final = 0x666A0002
"""First half of the advisory locks that keep two workers from judging the same device."""
_NOT_YET: Final = object()
_PUT_OFF: Final = timedelta(minutes=1)
_log = get_logger(part="alarms")


@dataclass(slots=True)
class Judged:
    """What one round did."""

    raised: int = 0
    cleared: int = 0
    numbers: set[int] = field(default_factory=set)

    @property
    def devices(self) -> int:
        """How many devices were judged."""
        return len(self.numbers)

    def add(self, other: "Judged") -> None:
        """Adds another round's figures."""
        self.numbers |= other.numbers
        self.raised += other.raised
        self.cleared += other.cleared


@dataclass(frozen=True, slots=True)
class Known:
    """What was loaded for a batch beside its states: the past by device number, doses, and the clocks."""

    past: Mapping[int, Past]
    past_known: bool
    areas_known: bool
    supervised: Mapping[int, Supervised]
    now: datetime
    watermark: datetime | None


class Verdicts(NamedTuple):
    """The engine's word on one device.

    Attributes:
        looks: when time alone may make a rule true whose alarm is not open; None where it never does.
    """

    case: Case
    decisions: Sequence[Decision]
    looks: Sequence[datetime | None]


@dataclass(slots=True)
class Judge:
    """Finds the devices that are due and judges them.

    Args:
        channels: names of the notification channels; each gets a row in the outbox with every alarm.

    Attributes:
        digest: of the rules that are followed now.
        swept_by: the digest by which every device has been judged once; None: not known.
    """

    pool: Pool
    registry: Registry
    channels: Sequence[str]
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    books: Mapping[str, Book] = field(init=False)
    digest: str = field(init=False)
    swept_by: str | None = field(init=False, default=None)
    turns: SilenceTurns = field(default_factory=SilenceTurns)
    _settings: list[list[Any]] = field(default_factory=list)
    _judged: dict[int, datetime | None] = field(default_factory=dict)
    """Devices with an open alarm, and when they had last been heard when they were judged."""

    def __post_init__(self) -> None:
        """Works the rules of every class out once."""
        self._learn(self.registry)

    async def round(self) -> Judged:
        """Judges what ingest marked, and then what changes without a mark."""
        done = await self.marked()
        done.add(await self.unmarked())
        return done

    async def marked(self) -> Judged:
        """Judges what ingest marked, events first."""
        done = Judged()
        while True:
            due = await self._ask("due", {"limit": _CHUNK})
            marks = {row["device_no"]: row["since"] for row in due}
            judged = await self._judge(sorted(marks), marks)
            done.add(judged)
            if len(due) < _CHUNK or not judged.devices:  # the rest is another worker's at the moment
                return done

    async def unmarked(self) -> Judged:
        """Judges what changes without a mark: timers, open alarms whose device spoke, holds."""
        done = Judged()
        while timed := [row["device_no"] for row in await self._ask("timed", {"limit": _CHUNK})]:
            judged = await self._judge(timed, {})
            done.add(judged)
            if len(timed) < _CHUNK or not judged.devices:
                break
        done.add(await self._judge_restless())
        return done

    async def _judge_restless(self) -> Judged:
        """Holds at every turn; an open alarm when its device was heard since it was last judged here."""
        rows = await self._ask("restless", {})
        heard = {row["device_no"]: row["last_seen_at"] for row in rows if not row["holding"]}
        holding = {row["device_no"] for row in rows if row["holding"]}
        spoke = {number for number, at in heard.items() if self._judged.get(number, _NOT_YET) != at}
        done = await self.judge_all(sorted(spoke | holding), past=False)
        self._judged = {number: at for number, at in heard.items() if number in done.numbers or number not in spoke}
        return done

    async def quiet(self, *, all_rules: bool = True) -> Judged:
        """Judges devices that have been silent for too long, which nothing else announces.

        Args:
            all_rules: look at every rule of silence; otherwise at those whose turn it is.
        """
        [clocks] = await self._ask("clocks", {})
        if clocks["watermark"] is None:
            return Judged()
        self.metrics.watermark_age.set((clocks["now"] - clocks["watermark"]).total_seconds())
        rules = [
            SilentFor(profile.name, rule.name, int(rule.adjust.get("after_seconds", (rule.after_seconds,))[0]))
            for profile in self.registry
            for rule in profile.rules
            if isinstance(rule, Silence)
        ]
        now = time.monotonic()
        due = rules if all_rules else self.turns.due(rules, now)
        parameters = {
            "classes": [rule.device_class for rule in due],
            "rules": [rule.rule for rule in due],
            "seconds": [rule.seconds for rule in due],
        }
        numbers = await self._quiet(parameters) if due else []
        done = await self.judge_all(numbers, past=False, areas_known=True)
        if done.numbers.issuperset(numbers):  # the rest is in another's hands at the moment
            self.turns.looked(due, now)
        return done

    async def _quiet(self, parameters: dict[str, Any]) -> list[int]:
        """The devices that a look finds, read some at a time: whoever waits for a core does not wait for all of it."""
        [known] = await self._ask("last_device", {})
        numbers: list[int] = []
        for after in range(0, known["last"], _LOOKED_AT):
            through = after + _LOOKED_AT
            rows = await self._ask("quiet", {**parameters, "after": after, "through": through})
            numbers += [row["device_no"] for row in rows]
        return numbers

    async def sweep(self, share: Callable[[], float] = lambda: 1.0) -> Judged:
        """Judges every device: when rules are new and conditions may hold already, and now and then as a safety net.

        Rules that look at the past are left alone here: only new data, which ingest marks, can make them true.

        Args:
            share: of the time that it may take, asked after each chunk: it rests then, so that what just came in is not
                held up.
        """
        done, after = Judged(), 0
        while True:
            began = time.monotonic()
            rows = await self._ask("all_devices", {"after": after, "limit": _CHUNK})
            done.add(await self.judge_all([row["device_no"] for row in rows], past=False))
            if len(rows) < _CHUNK:
                return done
            after = rows[-1]["device_no"]
            await asyncio.sleep((time.monotonic() - began) * (1 / share() - 1))

    async def recall_swept(self) -> None:
        """Reads by which rules every device has been judged once, and what is set for whole classes now."""
        [clocks] = await self._ask("clocks", {})
        self._follow(clocks["settings"])
        rows = await self._ask("swept", {})
        self.swept_by = rows[0]["digest"] if rows else None

    async def note_swept(self, rules: str) -> None:
        """Keeps that every device has been judged by rules of this digest."""
        async with self.pool.connection() as connection:
            await execute(connection, _SQL["note_swept"], {"digest": rules})
        self.swept_by = rules

    async def _ask(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        async with self.pool.connection() as connection:
            return await fetch_all(connection, _SQL[query], parameters)

    async def judge_all(self, numbers: Sequence[int], *, past: bool, areas_known: bool = False) -> Judged:
        """Judges these devices now, some at a time.

        Args:
            numbers: the devices.
            past: whether rules that look at the past are judged too.
            areas_known: whether areas have just been judged, so that contact lost may be raised for single devices.
        """
        done = Judged()
        for start in range(0, len(numbers), _CHUNK):
            chunk = numbers[start : start + _CHUNK]
            done.add(await self._judge(chunk, {}, past=past, areas_known=areas_known))
        return done

    async def _judge(
        self, devices: Sequence[int], marks: Mapping[int, datetime], *, past: bool = True, areas_known: bool = False
    ) -> Judged:
        """One transaction: alarms, holds, timers, notifications and marks change together or not at all."""
        done = Judged()
        if not devices:
            return done
        async with self.pool.connection() as connection, connection.transaction():
            parameters = {"devices": list(devices), "lock_class": _LOCK_CLASS}
            ours = [row["device_no"] for row in await fetch_all(connection, _SQL["lock"], parameters)]
            clocks = await fetch_one(connection, _SQL["clocks"]) or {}
            self._follow(clocks["settings"])
            rows = await fetch_all(connection, _SQL["states"], {"devices": ours})
            known = await self._known(connection, rows, clocks, past=past, areas_known=areas_known)
            changed = Changed()
            for place, row in enumerate(rows, 1):
                await self._judge_one(connection, row, known, done, changed)
                if place % _STRIDE == 0:
                    await asyncio.sleep(0)
            await telling.began(connection, changed.began, self.channels, known.now)
            seen = [number for number in ours if number in marks]
            if seen:
                await execute(
                    connection, _SQL["unmark"], {"devices": seen, "since": [marks[number] for number in seen]}
                )
        self.metrics.evaluated.inc(done.devices)
        return done

    def _follow(self, settings: list[list[Any]]) -> None:
        """Works the rules out anew where something else is set for a class than before."""
        if settings != self._settings:
            self._settings = settings
            registry, refused = applied(self.registry, map(from_row, settings))
            self._learn(registry)
            for reason in refused:
                _log.warning("A class's setting is refused", event_name="class_setting_refused", reason=reason)

    def _learn(self, registry: Registry) -> None:
        self.books = books(registry)
        self.digest = digest(self.books)

    async def _known(
        self, connection: Connection, rows: Sequence[Row], clocks: Row, *, past: bool, areas_known: bool
    ) -> Known:
        now, watermark = clocks["now"], clocks["watermark"]
        supervised: dict[int, Supervised] = {}
        with_doses = [row for row in rows if (book := self.books.get(row["device_class"])) and book.doses]
        if with_doses:
            known_until = min(now, watermark) if watermark is not None else now - timedelta(days=1)
            supervised = await supervise_all(connection, with_doses, known_until, now)
        pasts: dict[int, Past] = {}
        by_class: dict[str, list[int]] = defaultdict(list)
        for row in rows if past else ():
            by_class[row["device_class"]].append(row["device_no"])
        for name, numbers in by_class.items():
            book = self.books.get(name)
            if book is not None and book.needs:
                pasts |= await load_past(connection, book.profile, numbers, book.needs, now)
        return Known(pasts, past, areas_known, supervised, now, watermark)

    async def _judge_one(self, connection: Connection, row: Row, known: Known, done: Judged, changed: Changed) -> None:
        number = row["device_no"]
        book = self.books.get(row["device_class"])
        rules = book.of_device(row["overrides"]) if book else {}
        done.numbers.add(number)
        decided = self._decisions(rules, row, known)
        if decided is None:  # a timer that has run out would come back at every turn
            await execute(connection, _SQL["put_off"], {"device_no": number, "due_at": known.now + _PUT_OFF})
            return
        for decision in decided.decisions:
            alarm = await apply(connection, row, rules.get(decision.rule), decision, known.now, changed)
            if alarm is not None:
                self._told(row, decision, alarm)
                done.raised += decision.action is Action.RAISE
                done.cleared += decision.action is Action.CLEAR
        await self._set_timer(connection, row, decided, known)

    def _decisions(self, rules: Mapping[str, Rule], row: Row, known: Known) -> Verdicts | None:
        """The engine's word; a rule that fails on one device must not keep the others from being judged."""
        try:
            case = case_of(
                row,
                known.watermark,
                known.supervised.get(row["device_no"]),
                known.past.get(row["device_no"]),
                past_known=known.past_known,
                areas_known=known.areas_known,
            )
            waiting = [rule for rule in rules.values() if rule.name not in case.open_rules]
            looks = [rule.look_at(case.snapshot, known.now) for rule in waiting]
            return Verdicts(case, decide(rules.values(), case, known.now), looks)
        except Exception:  # noqa: BLE001 - told in the log and counted
            self.metrics.failures.labels("judging").inc()
            _log.exception("A device could not be judged", event_name="judging_failed", device_id=row["device_id"])
            return None

    async def _set_timer(self, connection: Connection, row: Row, decided: Verdicts, known: Known) -> None:
        """The moment at which the device must be looked at though nothing is heard of it; in the same transaction."""
        supervised = known.supervised.get(row["device_no"])
        doses = supervised.doses if supervised else None
        case = decided.case
        looks = [doses.look_at if doses else None, next_look(decided.decisions, case, known.now), *decided.looks]
        look_at = min((look for look in looks if look is not None), default=None)
        if look_at is not None:
            # Where our own lag is what is waited for, once a second is often enough.
            due_at = max(look_at, known.now + timedelta(seconds=1))
            next_dose = doses.next_due if doses else None
            timer = {"device_no": row["device_no"], "due_at": due_at, "next_dose_at": next_dose}
            await execute(connection, _SQL["set_timer"], timer)
        elif row["timed"]:
            await execute(connection, _SQL["drop_timer"], {"device_no": row["device_no"]})

    def _told(self, row: Row, decision: Decision, alarm: Row) -> None:
        self.metrics.alarms.labels(decision.action).inc()
        _log.info(
            "An alarm changed",
            event_name=f"alarm_{decision.action}",
            device_id=row["device_id"],
            rule=decision.rule,
            why=decision.why,
            alarm_id=alarm["alarm_id"],
        )
