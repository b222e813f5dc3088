"""Judging devices: reads their state, asks the engine, writes alarms and notifications in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from diagnostics.alarms.engine import Action, Decision, decide
from diagnostics.alarms.snapshot import case_of
from diagnostics.escalation.start import begin
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.rules import Rule, Silence

_SQL: Final = room(__file__)
_CHUNK: Final = 200
_LOCK_CLASS: Final = 0x666A0002
"""First half of the advisory locks that keep two workers from judging the same device."""
_NOT_YET: Final = object()
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


@dataclass(slots=True)
class Judge:
    """Finds the devices that are due and judges them.

    Args:
        channels: names of the notification channels; the alarm's ladder chooses among them.
    """

    pool: Pool
    registry: Registry
    channels: Sequence[str]
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    _judged: dict[int, datetime | None] = field(default_factory=dict)
    """Devices with an open alarm, and when they had last been heard when they were judged."""

    async def round(self) -> Judged:
        """Judges what ingest marked, and what changes without a mark: open alarms whose device spoke, holds."""
        done = Judged()
        while True:
            due = await self._ask("due", {"limit": _CHUNK})
            marks = {row["device_no"]: row["since"] for row in due}
            judged = await self._judge(sorted(marks), marks)
            done.add(judged)
            if len(due) < _CHUNK or not judged.devices:  # the rest is another worker's at the moment
                break
        done.add(await self._judge_restless())
        return done

    async def _judge_restless(self) -> Judged:
        """Holds at every turn; an open alarm when its device was heard since it was last judged here."""
        rows = await self._ask("restless", {})
        heard = {row["device_no"]: row["last_seen_at"] for row in rows if not row["holding"]}
        holding = {row["device_no"] for row in rows if row["holding"]}
        spoke = {number for number, at in heard.items() if self._judged.get(number, _NOT_YET) != at}
        done = await self._judge_all(sorted(spoke | holding))
        self._judged = {number: at for number, at in heard.items() if number in done.numbers or number not in spoke}
        return done

    async def quiet(self) -> Judged:
        """Judges devices that have been silent for too long, which nothing else announces."""
        [clocks] = await self._ask("clocks", {})
        if clocks["watermark"] is None:
            return Judged()
        self.metrics.watermark_age.set((clocks["now"] - clocks["watermark"]).total_seconds())
        rules = [
            (profile.name, rule) for profile in self.registry for rule in profile.rules if isinstance(rule, Silence)
        ]
        parameters = {
            "classes": [name for name, _ in rules],
            "rules": [rule.name for _, rule in rules],
            "seconds": [rule.after_seconds for _, rule in rules],
        }
        return await self._judge_all([row["device_no"] for row in await self._ask("quiet", parameters)])

    async def sweep(self) -> Judged:
        """Judges every device: at the start, when conditions may hold already, and now and then as a safety net."""
        done, after = Judged(), 0
        while rows := await self._ask("all_devices", {"after": after, "limit": _CHUNK}):
            done.add(await self._judge_all([row["device_no"] for row in rows]))
            after = rows[-1]["device_no"]
        return done

    async def _ask(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        async with self.pool.connection() as connection:
            return await fetch_all(connection, _SQL[query], parameters)

    async def _judge_all(self, numbers: Sequence[int]) -> Judged:
        done = Judged()
        for start in range(0, len(numbers), _CHUNK):
            done.add(await self._judge(numbers[start : start + _CHUNK], {}))
        return done

    async def _judge(self, devices: Sequence[int], marks: Mapping[int, datetime]) -> Judged:
        """One transaction: alarms, holds, notifications and marks change together or not at all."""
        done = Judged()
        if not devices:
            return done
        async with self.pool.connection() as connection, connection.transaction():
            parameters = {"devices": list(devices), "lock_class": _LOCK_CLASS}
            ours = [row["device_no"] for row in await fetch_all(connection, _SQL["lock"], parameters)]
            clocks = await fetch_one(connection, _SQL["clocks"]) or {}
            for row in await fetch_all(connection, _SQL["states"], {"devices": ours}):
                await self._judge_one(connection, row, clocks, done)
            seen = [number for number in ours if number in marks]
            if seen:
                await execute(
                    connection, _SQL["unmark"], {"devices": seen, "since": [marks[number] for number in seen]}
                )
        self.metrics.evaluated.inc(done.devices)
        return done

    async def _judge_one(self, connection: Connection, row: Row, clocks: Row, done: Judged) -> None:
        profile = self.registry.by_name.get(row["device_class"])
        rules = {rule.name: rule for rule in profile.rules} if profile else {}
        done.numbers.add(row["device_no"])
        for decision in self._decisions(rules.values(), row, clocks):
            changed = await self._apply(connection, row, rules.get(decision.rule), decision, clocks["now"])
            done.raised += changed and decision.action is Action.RAISE
            done.cleared += changed and decision.action is Action.CLEAR

    def _decisions(self, rules: Iterable[Rule], row: Row, clocks: Row) -> list[Decision]:
        """The engine's word; a rule that fails on one device must not keep the others from being judged."""
        try:
            return decide(rules, case_of(row, clocks["watermark"]), clocks["now"])
        except Exception:  # noqa: BLE001 - told in the log and counted
            self.metrics.failures.labels("judging").inc()
            _log.exception("A device could not be judged", event_name="judging_failed", device_id=row["device_id"])
            return []

    async def _apply(
        self, connection: Connection, row: Row, rule: Rule | None, decision: Decision, now: datetime
    ) -> bool:
        """Carries out a decision; whether something changed that people are told of."""
        common = {"device_no": row["device_no"], "rule": decision.rule}
        match decision.action:
            case Action.RAISE if rule is not None and decision.finding is not None:
                await execute(connection, _SQL["release"], common)
                raised = await fetch_one(connection, _SQL["raise"], self._alarm(common, rule, decision, now))
                if raised is not None:
                    await begin(connection, [raised["alarm_id"]], now, self.channels)
                return self._told(row, decision, raised)
            case Action.CLEAR:
                cleared = await fetch_one(connection, _SQL["clear"], {**common, "why": decision.why, "now": now})
                return self._told(row, decision, cleared)
            case Action.HOLD:
                await execute(connection, _SQL["hold"], {**common, "since": decision.held_since})
            case Action.RELEASE:
                await execute(connection, _SQL["release"], common)
            case _:
                pass
        return False

    def _alarm(self, common: dict[str, Any], rule: Rule, decision: Decision, now: datetime) -> dict[str, Any]:
        finding = decision.finding
        if finding is None:
            msg = f"an alarm of {rule.name} without a finding"
            raise ValueError(msg)
        return {
            **common,
            "severity": rule.severity,
            "safety": rule.safety,
            "audience": rule.audience,
            "title_sv": rule.title.sv,
            "title_en": rule.title.en,
            "reason_sv": finding.reason.sv,
            "reason_en": finding.reason.en,
            "happened_at": finding.since,
            "now": now,
        }

    def _told(self, row: Row, decision: Decision, alarm: Row | None) -> bool:
        if alarm is None:
            return False
        self.metrics.alarms.labels(decision.action).inc()
        _log.info(
            "An alarm changed",
            event_name=f"alarm_{decision.action}",
            device_id=row["device_id"],
            rule=decision.rule,
            why=decision.why,
            alarm_id=alarm["alarm_id"],
        )
        return True
