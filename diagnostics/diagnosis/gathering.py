"""Puts the evidence of one device together from what the repository reads."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from diagnostics.diagnosis import repository
from diagnostics.diagnosis.by_day import parts, read_days
from diagnostics.queries import Row
from diagnostics.rolled import Rolled
from diagnostics.work import Work
from fleet.diagnosis.evidence import Evidence, SeenFault
from fleet.diagnosis.knowledge import Knowledge
from fleet.diagnosis.signs import Differs, Either, Frame, Observation, Reading
from fleet.errors import FjarrkollError
from fleet.faults import NativeCode
from fleet.messages import FaultLogEntry
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.self_test import read_result

MAINS_CODES: Final = ("MED-PWR-01", "MAT-PWR-01", "PAP-PWR-01", "SCL-NET-03")
_SILENT: Final = timedelta(hours=2)
_MOST_LOGGED: Final = 500
_Key = tuple[str, str]


async def gather(work: Work, device: Row, knowledge: Knowledge, hours: Rolled | None = None) -> Evidence:
    """Everything known of a device now, as far as the caller may see it; `hours` of its past from hourly values."""
    profile, number = knowledge.profile, device["device_no"]
    model = profile.model(device["model_key"], device["firmware"])
    state = await repository.state(work, number) or {"last_seen_at": None, "last_used_day": None}
    events = await repository.events(work, number)
    period = parts(work, number, hours)
    heard = await repository.heard(work, profile, events, period)
    frames = _frames(profile, model, await repository.answer(work, number, "read_fault_log"))
    tested = await repository.answer(work, number, "self_test")
    faults = tuple(_fault(profile, row, frames) for row in await repository.faults(work, number))
    moments: dict[str, list[datetime]] = {}
    for event in reversed(events):
        moments.setdefault(event["event"], []).append(event["ts"])
    return Evidence(
        now=work.now,
        profile=profile,
        model=model,
        firmware=device["firmware"],
        last_seen_at=state["last_seen_at"],
        heard_days=heard.days,
        faults=faults,
        readings=await read_days(work, profile, metrics_of(knowledge), period),
        events={name: tuple(found) for name, found in moments.items()},
        events_hidden=frozenset(e.name for e in profile.all_events if e.audience not in work.caller.audiences),
        self_test=_grades(profile, tested),
        self_test_at=None if tested is None else tested[1],
        restarts=heard.restarts,
        clock_doubted=heard.doubted,
        unused_days=_unused(heard.days, state["last_used_day"]),
        fleet=await _fleet(work, number, state["last_seen_at"], faults, heard) | await _register(work, number, profile),
    )


def metrics_of(knowledge: Knowledge) -> frozenset[str]:
    """The metrics that any sign of the class looks at."""

    def named(observation: Observation) -> Iterable[str]:
        match observation:
            case Reading() | Frame():
                yield observation.metric
            case Differs():
                yield from (observation.metric, observation.other)
            case Either():
                for part in observation.of:
                    yield from named(part)

    return frozenset(metric for sign in knowledge.signs for metric in named(sign.observation))


async def _fleet(
    work: Work, number: int, last_seen: datetime | None, faults: tuple[SeenFault, ...], heard: repository.Heard
) -> dict[str, float]:
    facts: dict[str, float | None] = {}
    if last_seen is not None and work.now - last_seen > _SILENT:
        facts["silent_nearby"] = await repository.silent_nearby(work, number, last_seen)
    lost = [fault.raised_at for fault in faults if fault.code in MAINS_CODES and fault.active]
    if lost:
        facts["mains_lost_nearby"] = await repository.mains_nearby(work, number, list(MAINS_CODES), max(lost))
    if heard.days:
        week = work.now - timedelta(days=7)
        facts["restarts_a_week"] = float(sum(moment >= week for moment in heard.restarts))
    return {name: value for name, value in facts.items() if value is not None}


async def _register(work: Work, number: int, profile: DeviceProfile) -> dict[str, float]:
    """What only the register knows: how long ago the device was checked, and whether its borrower used another too."""
    facts = {
        "days_since_control": await repository.days_since_control(work, number),
        "same_night_elsewhere": await repository.same_days_elsewhere(work, number, profile.usage),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _fault(profile: DeviceProfile, row: Row, frames: Mapping[_Key, Mapping[str, float]]) -> SeenFault:
    """A row as evidence; a code that the catalogue has learned since it came is known now."""
    unknown = row["fault_code"] is None and row["system"] and row["code"]
    learned = profile.faults_by_native.get(NativeCode(row["system"], row["code"])) if unknown else None
    return SeenFault(
        system=row["system"],
        native_code=row["code"],
        code=row["fault_code"] or (learned.code if learned else None),
        raised_at=row["raised_at"],
        cleared_at=row["cleared_at"],
        times=row["times"],
        module=row["module"],
        text=row["text"],
        frame=frames.get((row["system"], row["code"]), {}),
    )


def _frames(
    profile: DeviceProfile, model: DeviceModel | None, answered: tuple[Mapping[str, Any], datetime] | None
) -> dict[_Key, dict[str, float]]:
    """Freeze-frames by native code, in the profile's own metrics and units; what cannot be read is not there."""
    told = answered[0].get("log") if answered else None
    frames: dict[_Key, dict[str, float]] = {}
    normaliser = Normaliser(profile, model)
    for raw in told[:_MOST_LOGGED] if isinstance(told, list) else ():
        try:
            entry = msgspec.convert(raw, FaultLogEntry)
            if entry.freeze_frame is None:
                continue
            values = normaliser.normalise(entry.freeze_frame.values, {}).values
        except (msgspec.ValidationError, FjarrkollError):
            continue  # a device's word is data: an entry that is none says nothing
        frames.setdefault((entry.system, entry.code), {key: float(value) for key, value in values.items()})
    return frames


def _grades(profile: DeviceProfile, tested: tuple[Mapping[str, Any], datetime] | None) -> dict[str, str]:
    if tested is None:
        return {}
    return {name: str(entry.grade) for name, entry in read_result(tested[0], profile.subsystems).items()}


def _unused(days: frozenset[date], last_used: date | None) -> int | None:
    """Full days between the last use and the last day on which anything came; later days prove nothing."""
    if last_used is None or not days:
        return None
    return max(0, (max(days) - last_used).days)
