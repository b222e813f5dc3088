"""Cases: one seed makes one device with what was planted in it and what of that can be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from benchmarks.diagnosis.bodies import DAYS, HEALTHY, Body
from benchmarks.diagnosis.plants import Effect, Plant
from benchmarks.diagnosis.plants_care import DISPENSER, MATTRESS
from benchmarks.diagnosis.plants_home import APAP, SCALE
from benchmarks.diagnosis.plants_wheelchair import PLANTS as WHEELCHAIR
from fleet.diagnosis.evidence import Evidence, SeenFault
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.registry import Registry

NOW: Final = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)
PLANTED: Final[Mapping[str, tuple[Plant, ...]]] = {
    "wheelchair": WHEELCHAIR,
    "apap": APAP,
    "dispenser": DISPENSER,
    "mattress": MATTRESS,
    "scale": SCALE,
}
SUBSYSTEMS: Final[Mapping[str, tuple[str, ...]]] = {
    "wheelchair": ("battery", "drive", "control", "input", "seat", "gateway"),
    "apap": ("blower", "air_path", "humidifier", "electronics"),
    "dispenser": ("mechanics", "sensors", "power", "network", "electronics"),
    "mattress": ("pump", "air", "gateway"),
    "scale": ("weighing", "battery", "link", "hub"),
}
SILENT_FOR_A_TEST: Final = 20


class Kind(StrEnum):
    """What a case asks."""

    ONE = "one"
    TWO = "two"
    MISSING = "missing"
    """Half of the channels, the self-test and the freeze-frames are gone; the fault code is there."""
    DARK = "dark"
    """A cause is there, but nothing of it can be seen: the right answer is "cannot tell"."""
    UNKNOWN = "unknown"
    """The only trace is a code that no profile knows: the right answer is "cannot tell"."""
    HEALTHY = "healthy"
    """Nothing was planted: no cause may be claimed."""


ORDER: Final = (*(Kind.ONE,) * 12, *(Kind.TWO,) * 3, *(Kind.MISSING,) * 2, Kind.DARK, Kind.UNKNOWN, Kind.HEALTHY)


@dataclass(frozen=True, slots=True)
class Case:
    """One device to diagnose."""

    seed: int
    kind: Kind
    device_class: str
    model: str
    planted: frozenset[str]
    evidence: Evidence


def make_cases(registry: Registry, seed: int, number: int, fading: float = 0.0) -> tuple[Case, ...]:
    """So many cases; every plant of every class has its turn before any has its second, all else is drawn by lot.

    Args:
        registry: the device classes.
        seed: of everything.
        number: of cases.
        fading: how much weaker the symptoms are than their author thought: so large a share of them does not show, and
            faults come and go less characteristically. 0 is as written.
    """
    random = Random(seed)
    turn = [(name, plant) for name, plants in PLANTED.items() for plant in plants]
    cases: list[Case] = []
    while len(cases) < number:
        random.shuffle(turn)
        for name, plant in turn[: number - len(cases)]:
            own = random.getrandbits(48)
            cases.append(_case(registry[name], _faded(plant, fading), ORDER[random.randrange(len(ORDER))], own))
    return tuple(cases)


def _faded(plant: Plant, fading: float) -> Plant:
    """The plant with fainter symptoms."""
    if not fading:
        return plant

    def faint(effect: Effect) -> Effect:
        return lambda body, random: effect(body, random) if random.random() >= fading else None

    system, chance = plant.fails
    return replace(
        plant,
        effects=tuple(map(faint, plant.effects)),
        pattern=plant.pattern + fading * (0.5 - plant.pattern),
        fails=(system, chance * (1 - fading)),
    )


def _case(profile: DeviceProfile, plant: Plant, kind: Kind, seed: int) -> Case:
    random = Random(seed)
    model = _model(profile, plant, random)
    plants = [plant]
    if kind is Kind.TWO:
        plants.append(_companion(profile, model, plant, random))
    if kind in {Kind.HEALTHY, Kind.DARK}:
        plants = []
    evidence = _lived(profile, model, plants, random)
    match kind:
        case Kind.MISSING:
            evidence = _robbed(evidence, random)
        case Kind.DARK:
            evidence = _dark(evidence, random)
        case Kind.UNKNOWN:
            evidence = _lived(profile, model, [], random)
            evidence = replace(evidence, faults=(_unknown(model, random),))
        case _ if random.random() < 0.08:
            evidence = (
                evidence
                if kind is Kind.HEALTHY
                else replace(evidence, faults=(*evidence.faults, _unknown(model, random)))
            )
    planted = frozenset({plant.key}) if kind in {Kind.DARK, Kind.UNKNOWN} else frozenset(p.key for p in plants)
    return Case(seed, kind, profile.name, model.key, planted, evidence)


def _sayable(profile: DeviceProfile, model: DeviceModel, code: str) -> bool:
    return any(native.system in model.native_systems for native in profile.faults_by_code[code].native)


def _model(profile: DeviceProfile, plant: Plant, random: Random) -> DeviceModel:
    """A model that has a word for the plant's faults; where it is found from readings, one that has them all."""
    codes = [code for part in plant.says.split() for code in part.lstrip("?").replace("|", "/").split("/")]
    fitting = [model for model in profile.models if any(_sayable(profile, model, code) for code in codes)]
    whole = [model for model in profile.models if not model.missing & HEALTHY[profile.name].keys()]
    return random.choice(fitting or whole or list(profile.models))


def _companion(profile: DeviceProfile, model: DeviceModel, plant: Plant, random: Random) -> Plant:
    """A second cause with faults of its own, on the same model; neither silences the device."""
    mine = {code[:6] for code in plant.says.replace("?", "").replace("|", "/").replace("/", " ").split()}
    others = []
    for other in PLANTED[profile.name]:
        codes = other.says.replace("?", "").replace("|", "/").replace("/", " ").split()
        said = any(_sayable(profile, model, code) for code in codes)
        if other.key != plant.key and said and not mine & {code[:6] for code in codes}:
            others.append(other)
    return random.choice(others)


def _lived(profile: DeviceProfile, model: DeviceModel, plants: list[Plant], random: Random) -> Evidence:
    """Thirty days of a device with these causes."""
    body = Body(profile.name, NOW, random)
    for plant in plants:
        for effect in plant.effects:
            effect(body, random)
    readings = {name: days for name, days in body.live().items() if name not in model.missing and days}
    faults = [fault for plant in plants for fault in _faults(profile, model, plant, random)]
    if random.random() < 0.25:
        faults.append(_old(profile, model, random))
    heard = NOW - timedelta(hours=body.silent_hours)
    tested = random.random() < 0.7 and body.silent_hours < SILENT_FOR_A_TEST
    everyday = {
        "silent_nearby": random.uniform(0, 0.06),
        "mains_lost_nearby": random.uniform(0, 0.04),
        "restarts_a_week": 1.0 if random.random() < 0.04 else 0.0,
        "days_since_control": random.uniform(10, 330),
        "same_night_elsewhere": 0.0,
    }
    silent = body.silent_hours > SILENT_FOR_A_TEST
    return Evidence(
        now=NOW,
        profile=profile,
        model=model,
        last_seen_at=heard,
        heard_days=frozenset(heard.date() - timedelta(days=day) for day in range(DAYS)),
        faults=tuple(faults),
        readings=readings,
        events={name: tuple(sorted(m for m in moments if m <= heard)) for name, moments in body.events.items()},
        self_test=_tested(profile, plants, random) if tested else {},
        self_test_at=NOW - timedelta(hours=random.uniform(0.2, 60)) if tested else None,
        restarts=tuple(sorted(body.restarts)),
        clock_doubted=body.clock_doubted or random.choice((0.0, 0.0, 0.0, 0.02)),
        unused_days=body.unused_days or (None if silent else 0),
        fleet=everyday | body.fleet,
    )


def _faults(profile: DeviceProfile, model: DeviceModel, plant: Plant, random: Random) -> list[SeenFault]:
    seen = []
    goes = random.random() < plant.pattern
    for part in plant.says.split():
        if part.startswith("?") and random.random() < 0.4:
            continue
        words = random.choice(part.lstrip("?").split("|")).split("/")
        code = next((word for word in words if _sayable(profile, model, word)), None)
        if code is not None:
            seen += _stays(profile, model, code, plant, goes=goes, random=random)
    return seen


def _stays(  # noqa: PLR0913 - everything a fault's history hangs on
    profile: DeviceProfile, model: DeviceModel, code: str, plant: Plant, *, goes: bool, random: Random
) -> list[SeenFault]:
    natives = [native for native in profile.faults_by_code[code].native if native.system in model.native_systems]
    native = random.choice(natives)
    frame = _frame(profile.name, model, plant, random)
    if not goes:
        raised = NOW - timedelta(days=random.uniform(1.1, 9) if random.random() < 0.9 else random.uniform(0.05, 0.9))
        return [SeenFault(system=native.system, native_code=native.code, code=code, raised_at=raised, frame=frame)]
    starts = sorted(random.uniform(0.1, 24) for _ in range(random.randint(3, 8)))
    starts[0] = random.uniform(0.1, 2.5)
    stays = []
    for place, days in enumerate(sorted(starts)):
        raised = NOW - timedelta(days=days)
        there = place == 0 and random.random() < 0.5
        cleared = None if there else raised + timedelta(minutes=random.uniform(1, 90))
        kept = frame if place == 0 else {}
        stays.append(
            SeenFault(
                system=native.system,
                native_code=native.code,
                code=code,
                raised_at=raised,
                cleared_at=cleared,
                frame=kept,
            )
        )
    return stays


def _frame(device_class: str, model: DeviceModel, plant: Plant, random: Random) -> dict[str, float]:
    if device_class != "wheelchair" or random.random() < 0.2:
        return {}
    values = {"battery.soc": random.uniform(35, 95), "battery.charging": 0.0}
    values |= {metric: random.uniform(low, high) for metric, low, high in plant.frame}
    return {metric: value for metric, value in values.items() if metric not in model.missing}


def _tested(profile: DeviceProfile, plants: list[Plant], random: Random) -> dict[str, str]:
    grades = {}
    for name in SUBSYSTEMS[profile.name]:
        hit = any(plant.fails[0] == name and random.random() < plant.fails[1] for plant in plants)
        grades[name] = random.choice(("fail", "fail", "warn")) if hit else random.choices(
            ("pass", "warn", "not_tested"), (0.95, 0.02, 0.03))[0]  # fmt: skip
    return grades


def _old(profile: DeviceProfile, model: DeviceModel, random: Random) -> SeenFault:
    sayable = [fault for fault in profile.faults if any(n.system in model.native_systems for n in fault.native)]
    fault = random.choice(sayable)
    native = next(n for n in fault.native if n.system in model.native_systems)
    raised = NOW - timedelta(days=random.uniform(18, 29))
    return SeenFault(system=native.system, native_code=native.code, code=fault.code, raised_at=raised,
                     cleared_at=raised + timedelta(hours=random.uniform(0.2, 40)))  # fmt: skip


def _unknown(model: DeviceModel, random: Random) -> SeenFault:
    raised = NOW - timedelta(days=random.uniform(0.1, 5))
    return SeenFault(
        system=model.native_systems[0], native_code=f"X{random.randint(100, 999)}", code=None, raised_at=raised
    )


def _robbed(evidence: Evidence, random: Random) -> Evidence:
    """Half of the channels gone, no self-test, no frames, and often no history before today."""
    kept = {name: days for name, days in evidence.readings.items() if random.random() < 0.5}
    hidden = frozenset(name for name in (event.name for event in evidence.profile.all_events) if random.random() < 0.5)
    faults = tuple(replace(fault, frame={}) for fault in evidence.faults)
    return replace(
        evidence,
        readings=kept,
        events={name: moments for name, moments in evidence.events.items() if name not in hidden},
        events_hidden=hidden,
        faults=faults,
        self_test={},
        self_test_at=None,
        fleet={},
        clock_doubted=None,
    )


def _dark(evidence: Evidence, random: Random) -> Evidence:
    """Silent for weeks, or never heard: whatever is wrong cannot be seen."""
    never = random.random() < 0.3
    days = random.uniform(15, 60)
    heard = NOW - timedelta(days=days)
    return replace(
        evidence,
        last_seen_at=None if never else heard,
        heard_days=frozenset() if never else frozenset({heard.date()}),
        faults=(),
        readings={},
        events={},
        self_test={},
        self_test_at=None,
        restarts=(),
        clock_doubted=None,
        unused_days=None,
        fleet={},
    )
