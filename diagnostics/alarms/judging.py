"""Judging devices: reads their state, asks the engine, writes alarms and notifications in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from diagnostics.alarms.engine import Action, Decision, decide
from diagnostics.alarms.snapshot import case_of
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry
from fleet.rules import Rule

_SQL: Final = room(__file__)
_CHUNK: Final = 200
_LOCK_CLASS: Final = 0x666A0002
"""First half of the advisory locks that keep two workers from judging the same device."""
HEARD_WITHIN_SECONDS: Final = 15.0
_log = get_logger(part="alarms")


@dataclass(slots=True)
class Judged:
    """What one round did."""

    devices: int = 0
    raised: int = 0
    cleared: int = 0

    def add(self, other: "Judged") -> None:
        """Adds another round's figures."""
        self.devices += other.devices
        self.raised += other.raised
        self.cleared += other.cleared


@dataclass(slots=True)
class Judge:
    """Finds the devices that are due and judges them.

    Args:
        channels: names of the notification channels; each gets a row in the outbox with every alarm.
    """

    pool: Pool
    registry: Registry
    channels: Sequence[str]
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)

    async def round(self) -> Judged:
        """Judges what ingest marked, and what changes without a mark: open alarms whose device spoke, holds."""
        done = Judged()
        while True:
            async with self.pool.connection() as connection:
                due = await fetch_all(connection, _SQL["due"], {"limit": _CHUNK})
            marks = {row["device_no"]: row["since"] for row in due}
            done.add(await self._judge(sorted(marks), marks))
            if len(due) < _CHUNK:
                break
        async with self.pool.connection() as connection:
            restless = await fetch_all(connection, _SQL["restless"], {"heard_within": HEARD_WITHIN_SECONDS})
        for chunk in _chunks([row["device_no"] for row in restless]):
            done.add(await self._judge(chunk, {}))
        return done

    async def sweep(self) -> Judged:
        """Judges every device: at the start, when conditions may hold already, and for silence."""
        done, after = Judged(), 0
        while True:
            async with self.pool.connection() as connection:
                rows = await fetch_all(connection, _SQL["all_devices"], {"after": after, "limit": _CHUNK})
            if not rows:
                return done
            numbers = [row["device_no"] for row in rows]
            done.add(await self._judge(numbers, {}))
            after = numbers[-1]

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
        done.devices += 1
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
            "channels": list(self.channels),
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


def _chunks(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + _CHUNK] for start in range(0, len(numbers), _CHUNK))
