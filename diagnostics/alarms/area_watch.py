"""Watches areas: opens one alarm where many devices lose contact or power at once, keeps its list, and ends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from diagnostics.alarms import telling
from diagnostics.alarms.lease import Lease
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from fleet.areas import LEAST_DEVICES, ON_THE_WAY, AreaFigures, AtRisk, first_at_risk, is_out, reason
from fleet.clock import from_milliseconds
from fleet.plumbing.database import Connection, Pool
from fleet.registry import Registry
from fleet.rules import BatteryHours, Combined, FaultActive, Gathered, Rule, Sample, Silence, Snapshot
from fleet.rules.battery_hours import hours_left
from fleet.text import Text

_SQL: Final = room(__file__)
_LISTED: Final = 1000
TITLES: Final = {
    Gathered.CONTACT: Text("Ett område har tappat kontakten", "An area has lost contact"),
    Gathered.POWER: Text("Ett område är utan ström", "An area is without power"),
}
RULES: Final = {Gathered.CONTACT: "area_contact_lost", Gathered.POWER: "area_power_lost"}


@dataclass(slots=True)
class AreaWatch:
    """Judges areas; only the worker that holds the lease does."""

    pool: Pool
    registry: Registry
    channels: Sequence[str]
    lease: Lease = field(init=False)

    def __post_init__(self) -> None:
        """Makes this worker's claim."""
        self.lease = Lease(self.pool, "areas")

    async def round(self) -> bool:
        """Judges every area once; whether this worker holds the lease, and so is the one to judge silence.

        Raises:
            LeaseLostError: another worker took over in the middle; nothing was changed.
        """
        if not await self.lease.held():
            return False
        async with self.pool.connection() as connection, connection.transaction():
            await self.lease.check(connection)
            clocks = await fetch_one(connection, _SQL["clocks"]) or {}
            if clocks["watermark"] is not None:
                await self._judge(connection, clocks["now"])
        return True

    async def released(self) -> list[int]:
        """Devices whose alarm was told through an area alarm that is over: they are to be judged for themselves."""
        async with self.pool.connection() as connection:
            return [row["device_no"] for row in await fetch_all(connection, _SQL["gathered_children"])]

    async def _judge(self, connection: Connection, now: datetime) -> None:
        parameters = self._parameters()
        suspected = [row["area"] for row in await fetch_all(connection, _SQL["area_suspected"], parameters)]
        asked = {**parameters, "areas": suspected}
        rows = await fetch_all(connection, _SQL["area_figures"], asked) if suspected else []
        figures = {row["area"]: row for row in rows}
        opened = {(r["area"], r["rule"]): r["alarm_id"] for r in await fetch_all(connection, _SQL["area_open"])}
        began = [row["alarm_id"] for row in await fetch_all(connection, _SQL["area_given_back"])]
        for kind, rule in RULES.items():
            for area in sorted(figures.keys() | {area for area, name in opened if name == rule}):
                alarm_id = opened.get((area, rule))
                counted = _figures(figures.get(area), kind)
                if not is_out(counted, firing=alarm_id is not None):
                    if alarm_id is not None:
                        await execute(connection, _SQL["clear_area"], {"alarm_id": alarm_id, "now": now})
                    continue
                raised = await self._write(connection, area, kind, counted, alarm_id, figures.get(area) or {}, now)
                began.extend([] if raised is None else [raised])
        await telling.began(connection, began, self.channels, now)

    async def _write(  # noqa: PLR0913, PLR0917 - one area's alarm, opened or brought up to date
        self,
        connection: Connection,
        area: str,
        kind: Gathered,
        counted: AreaFigures,
        alarm_id: int | None,
        row: Mapping[str, Any],
        now: datetime,
    ) -> int | None:
        """Opens an area's alarm, whose number it gives back, or brings an open one's list up to date."""
        affected = await self._affected(connection, area, kind, now)
        if not affected:
            return None
        order = first_at_risk([risk for risk, _ in affected], now)
        numbers = {risk.device_id: number for risk, number in affected}
        text = reason(counted, order[0], now)
        written = {
            "detail": Jsonb({"devices": [_listed(risk, now) for risk in order[:_LISTED]], "affected": len(order)}),
            "reason_sv": text.sv,
            "reason_en": text.en,
            "now": now,
        }
        if alarm_id is not None:
            await execute(connection, _SQL["update_area"], {**written, "alarm_id": alarm_id})
            return None
        since = row.get("quiet_since" if kind is Gathered.CONTACT else "unpowered_since")
        title = TITLES[kind]
        opening = {
            **written,
            "device_no": numbers[order[0].device_id],
            "rule": RULES[kind],
            "title_sv": title.sv,
            "title_en": title.en,
            "happened_at": since or now,
            "area": area,
        }
        raised = await fetch_one(connection, _SQL["raise_area"], opening)
        return None if raised is None else int(raised["alarm_id"])

    async def _affected(
        self, connection: Connection, area: str, kind: Gathered, now: datetime
    ) -> list[tuple[AtRisk, int]]:
        rows = await fetch_all(connection, _SQL["area_devices"], {**self._parameters(), "area": area})
        column = "quiet" if kind is Gathered.CONTACT else "unpowered"
        return [(self._risk(row, now), row["device_no"]) for row in rows if row[column]]

    def _risk(self, row: Row, now: datetime) -> AtRisk:
        rules = self.registry[row["device_class"]].rules
        power = next((rule for rule in _parts(rules) if isinstance(rule, BatteryHours)), None)
        values = {
            key: Sample(entry[0], from_milliseconds(int(entry[1]))) for key, entry in row["metric_values"].items()
        }
        left = None if power is None else hours_left(Snapshot(values=values, watermark=now), power, now)
        return AtRisk(
            device_id=row["device_id"],
            device_class=row["device_class"],
            hours_left=left,
            next_dose_at=row["next_dose_at"],
        )

    def _parameters(self) -> dict[str, Any]:
        """The classes whose contact an area can lose, how long each may be quiet, and its fault of lost power."""
        classes: list[tuple[str, int, str]] = []
        for profile in self.registry:
            silent = [rule for rule in profile.rules if isinstance(rule, Silence) and rule.gathered]
            power = [rule for rule in profile.rules if isinstance(rule, FaultActive) and rule.gathered]
            if silent:
                fault = power[0].faults[0] if power else ""
                classes.append((profile.name, silent[0].after_seconds, fault))
        return {
            "classes": [name for name, _, _ in classes],
            "seconds": [seconds for _, seconds, _ in classes],
            "faults": [fault for _, _, fault in classes],
            "share": ON_THE_WAY,
            "least": LEAST_DEVICES,
        }


def _parts(rules: Sequence[Rule]) -> list[Rule]:
    return [part for rule in rules for part in (rule.parts if isinstance(rule, Combined) else (rule,))]


def _figures(row: Mapping[str, Any] | None, kind: Gathered) -> AreaFigures:
    if row is None:
        return AreaFigures(0, 0, 0, 0)
    if kind is Gathered.CONTACT:
        return AreaFigures(row["devices"], row["falling"], row["quiet"], row["silent"])
    return AreaFigures(row["devices"], row["unpowered"], row["unpowered"], row["unpowered"])


def _listed(risk: AtRisk, now: datetime) -> dict[str, Any]:
    hours = risk.hours(now)
    return {
        "device_id": risk.device_id,
        "device_class": risk.device_class,
        "hours": None if hours is None else round(hours, 2),
        "hours_left": None if risk.hours_left is None else round(risk.hours_left, 2),
        "next_dose_at": None if risk.next_dose_at is None else risk.next_dose_at.isoformat(),
    }
