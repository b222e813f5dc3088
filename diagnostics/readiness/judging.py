"""From a row of the database to the facts that readiness judges."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from diagnostics.queries import Row
from fleet.clock import from_milliseconds
from fleet.errors import shown
from fleet.profile import DeviceProfile
from fleet.readiness import Battery, CheckName, Facts, Sample, Service
from fleet.registry import Registry
from fleet.signals import Audience
from fleet.text import Text

_HEALTH = "battery.soh"
_CHARGES = ("battery.soc", "battery.level")


def facts_of(registry: Registry, row: Row, audiences: frozenset[Audience]) -> Facts:
    """What is known of a device, as far as the caller's audiences may see it."""
    profile = registry.by_name.get(row["device_class"])
    return Facts(
        stock_state=row["stock_state"],
        can_report=profile is not None and row["enrolled_at"] is not None,
        last_seen=row["last_seen_at"],
        firmware=row["firmware"],
        approved=tuple(row["approved"]),
        battery=_battery(profile, row),
        open_faults=tuple(_title(profile, fault) for fault in row["open_faults"] or ()),
        faults_out_of_view=profile is not None and any(fault.audience not in audiences for fault in profile.faults),
        clock_offset=_clock(row),
        inspected_on=row["inspected_on"],
        services=tuple(_service(entry) for entry in row["services"] or ()),
        on_hold=row["on_hold"],
    )


def _battery(profile: DeviceProfile | None, row: Row) -> Battery | None:
    if profile is None:
        return None
    model = profile.model(row["model_key"], row["firmware"])
    missing = model.missing if model else frozenset()
    tells = profile.metrics_by_key.keys() - missing
    charges = [key for key in _CHARGES if key in tells]
    if not charges and _HEALTH not in profile.metrics_by_key:
        return None
    values: Mapping[str, Any] = row["metric_values"] or {}
    return Battery(
        wants_health=_HEALTH in profile.metrics_by_key,
        tells_health=_HEALTH in tells,
        health=_sample(values, _HEALTH),
        charge=_sample(values, charges[0]) if charges else None,
    )


def _sample(values: Mapping[str, Any], key: str) -> Sample | None:
    found = values.get(key)
    return None if found is None else Sample(float(found[0]), from_milliseconds(int(found[1])))


def _clock(row: Row) -> timedelta | None:
    """Device clock less server clock. A time that was not believed was replaced by the server's: nothing is known."""
    if row["answered_at"] is None or row["answered_at"] == row["answer_known_at"]:
        return None
    offset: timedelta = row["answered_at"] - row["answer_known_at"]
    return offset


def _title(profile: DeviceProfile | None, fault: Mapping[str, Any]) -> Text:
    known = profile.faults_by_code.get(fault["fault_code"] or "") if profile else None
    if known is not None:
        return known.title
    raw = f"{shown(fault['system'])}/{shown(fault['code'])}"
    return Text(f"okänd felkod {raw}", f"unknown fault code {raw}")


def _service(entry: Mapping[str, Any]) -> Service:
    done_on = entry["done_on"]
    return Service(
        kind=CheckName(entry["kind"]),
        every_days=entry["every_days"],
        done_on=None if done_on is None else date.fromisoformat(done_on),
        passed=entry["passed"],
    )
