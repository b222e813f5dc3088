"""Every class, model and persona through ninety days with both clock changes: all valid, and used as defined."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isclose
from random import Random

import pytest

from device_sim.behaviours import behaviour_for
from device_sim.behaviours.apap import Apap
from device_sim.behaviours.base import Behaviour, Day
from device_sim.behaviours.generic import GenericBehaviour
from device_sim.behaviours.scale import Scale
from device_sim.device import Outgoing, SimulatedDevice
from device_sim.emission import Emission
from device_sim.persona import Habit
from fleet.clock import STOCKHOLM, from_milliseconds, local_day
from fleet.messages import MAXIMUM_PAYLOAD, Occurrence, Reading
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from tests.unit.device_sim.support import (
    DAYS,
    EVERY_MODEL,
    HABITS,
    MODEL_NAMES,
    NOW,
    REGISTRY,
    device,
    parts,
    used_days,
)
from tests.unit.fleet.sample import POUNDS, profile

each_model = pytest.mark.parametrize(("declared", "model"), EVERY_MODEL, ids=MODEL_NAMES)
LAMP = profile()


def history(simulated: SimulatedDevice) -> list[list[Outgoing]]:
    return [simulated.live_through(day, number / len(DAYS)) for number, day in enumerate(DAYS)]


def emitted(simulated: SimulatedDevice) -> list[list[Emission]]:
    """What the behaviour alone makes of the same seed."""
    behaviour = behaviour_for(simulated.identity.profile)
    memory = behaviour.start(Random(f"{simulated.seed}/start"))
    return [
        behaviour.day(Day(day, n / len(DAYS), simulated.persona, Random(f"{simulated.seed}/{day.isoformat()}"), memory))
        for n, day in enumerate(DAYS)
    ]


def assert_said(part: Reading | Occurrence, emission: Emission, simulated: SimulatedDevice) -> None:
    """A part on the wire is the emission, back in the profile's own units."""
    assert from_milliseconds(part.ts) == emission.at.replace(microsecond=emission.at.microsecond // 1000 * 1000)
    if isinstance(part, Occurrence):
        assert (part.event, part.data) == (emission.event, emission.data)
        return
    identity = simulated.identity
    found = Normaliser(identity.profile, identity.model).normalise(part.values, {})
    expected = {k: v for k, v in emission.values.items() if k not in identity.model.missing and v is not None}
    assert found.unknown == {}
    assert found.values.keys() == expected.keys()
    # Not pytest's approx: it makes an object of each value, which took thirty times as long as all the rest.
    wrong = {k: v for k, v in expected.items() if not isclose(found.values[k], v, rel_tol=1e-6, abs_tol=1e-6)}
    assert wrong == {}, found.values


@each_model
@pytest.mark.parametrize("habit", Habit)
def test_ninety_days_are_valid_and_come_back_as_what_was_meant(
    declared: DeviceProfile, model: DeviceModel, habit: Habit
) -> None:
    simulated = device(declared, model, habit=habit)
    for messages, emissions, day in zip(history(simulated), emitted(simulated), DAYS, strict=True):
        told = [e for e in emissions if e.event or any(key not in model.missing for key in e.values)]
        said = list(parts(messages))
        assert len(said) == len(told)
        for part, emission in zip(said, told, strict=True):
            assert_said(part, emission, simulated)
        assert all(len(message.payload) < MAXIMUM_PAYLOAD for message in messages)
        assert {part.event for part in said if isinstance(part, Occurrence)} <= {e.name for e in declared.all_events}
        assert [part.ts for part in said] == sorted(part.ts for part in said)
        opens = datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM).astimezone(UTC)
        assert all(opens <= from_milliseconds(part.ts) < opens + timedelta(hours=36) for part in said)


@each_model
def test_days_are_used_as_the_habit_says(declared: DeviceProfile, model: DeviceModel) -> None:
    share: dict[Habit, float] = {}
    for habit in Habit:
        messages = [message for day in history(device(declared, model, habit=habit)) for message in day]
        share[habit] = len(used_days(declared, model, messages)) / len(DAYS)
    assert share[Habit.NEVER_STARTED] == 0
    assert share[Habit.REGULAR] >= 0.85
    assert 0.4 <= share[Habit.IRREGULAR] <= 0.8
    assert share[Habit.FADING] <= HABITS[Habit.FADING].fades_after


@each_model
def test_a_fading_user_stops_for_good_and_the_device_goes_on_speaking(
    declared: DeviceProfile, model: DeviceModel
) -> None:
    days = history(device(declared, model, habit=Habit.FADING))
    stopped = round(len(DAYS) * HABITS[Habit.FADING].fades_after) + 1
    afterwards = [message for day in days[stopped:] for message in day]
    assert used_days(declared, model, afterwards) == set()
    assert all(any(message for message in day) for day in days[stopped:])


@each_model
def test_a_device_at_rest_says_something_valid_and_proves_no_use(declared: DeviceProfile, model: DeviceModel) -> None:
    simulated = device(declared, model)
    messages = [message for hour in range(24) for message in simulated.heartbeat(NOW + timedelta(hours=hour))]
    normaliser = Normaliser(declared, model)
    assert len(messages) == 24
    for part in parts(messages):
        assert isinstance(part, Reading)
        assert normaliser.normalise(part.values, {}).unknown == {}
    assert used_days(declared, model, messages) == set()


@pytest.mark.parametrize("declared", [*REGISTRY, LAMP], ids=lambda declared: declared.name)
def test_the_profile_alone_carries_a_class_that_has_no_behaviour_of_its_own(declared: DeviceProfile) -> None:
    behaviour = GenericBehaviour(declared)
    normaliser = Normaliser(declared, None)
    memory = behaviour.start(Random(1))
    used: set[object] = set()
    for number, day in enumerate(DAYS):
        emissions = behaviour.day(Day(day, number / len(DAYS), HABITS[Habit.REGULAR], Random(str(day)), memory))
        assert emissions == sorted(emissions, key=lambda emission: emission.at)
        for emission in emissions:
            assert emission.event is None or emission.event in {event.name for event in declared.all_events}
            kept = normaliser.normalise(emission.values, {})
            assert kept.unknown == {}
            assert kept.values == {key: value for key, value in emission.values.items() if value is not None}
        used |= _used_by(declared, emissions)
    assert len(used) >= 0.85 * len(DAYS)


def _used_by(declared: DeviceProfile, emissions: Sequence[Emission]) -> set[object]:
    """Days on which the first usage clause is met by these emissions together."""
    clause = declared.usage.used_when[0]
    measure = next(m for m in declared.usage.measures if m.name == clause.measure)
    days: dict[object, float] = {}
    for emission in emissions:
        day = local_day(emission.at, declared.usage.day_starts_at_hour)
        value = emission.values.get(measure.metric or "")
        if measure.event is not None and emission.event == measure.event:
            days[day] = days.get(day, 0) + 1
        elif value is not None:
            days[day] = days.get(day, 0) + (1 if measure.gather == "count" else float(value))
    return {day for day, amount in days.items() if amount >= clause.amount}


def test_a_class_with_a_file_has_that_behaviour_and_any_other_the_generic_one() -> None:
    assert isinstance(behaviour_for(REGISTRY["scale"]), Scale)
    assert type(behaviour_for(LAMP)) is GenericBehaviour


def test_a_class_that_measures_nothing_but_its_use_still_gives_a_sign_of_life() -> None:
    bare = profile(metrics=tuple(m for m in LAMP.metrics if m.key != "battery.soc"), rules=())
    behaviour = GenericBehaviour(bare)
    alive = behaviour.heartbeat(NOW, Random(1), behaviour.start(Random(1)))
    assert list(alive.values.values()) == [None]


def test_counters_never_fall() -> None:
    for declared in REGISTRY:
        rising = {metric.key for metric in declared.metrics if metric.rising}
        normaliser = Normaliser(declared, declared.models[0])
        last: dict[str, float] = {}
        for part in parts([m for day in history(device(declared)) for m in day]):
            if isinstance(part, Reading):
                for key, value in normaliser.normalise(part.values, {}).values.items():
                    if key in rising:
                        assert value >= last.get(key, 0), key
                        last[key] = float(value)


@pytest.mark.parametrize("night", ["2026-03-28", "2026-10-24"])
def test_an_hour_of_therapy_is_an_hour_also_in_the_night_when_clocks_change(night: str) -> None:
    day = next(day for day in DAYS if day.isoformat() == night)
    behaviour = Apap(REGISTRY["apap"])
    persona = HABITS[Habit.REGULAR]
    for seed in range(50):
        emissions = behaviour.day(Day(day, 0.0, persona, Random(seed), behaviour.start(Random(seed))))
        if len(emissions) == 1:
            continue
        on, off = (next(e.at for e in emissions if e.event == name) for name in ("mask_on", "mask_off"))
        minutes = next(e.values["therapy.usage"] for e in emissions if e.values)
        assert 0 <= (off - on) / timedelta(minutes=1) - float(minutes or 0) <= 20
        assert {local_day(emission.at, 12) for emission in emissions} == {day}


def test_the_wall_clock_of_a_day_has_both_its_jumps() -> None:
    spring, autumn = (Day(day, 0, HABITS[Habit.REGULAR], Random(0)) for day in (DAYS[22], DAYS[45 + 22]))
    assert (spring.date.isoformat(), autumn.date.isoformat()) == ("2026-03-29", "2026-10-25")
    assert spring.at(24) - spring.at(0) == timedelta(hours=23)
    assert autumn.at(24) - autumn.at(0) == timedelta(hours=25)
    assert spring.at(2.5) == spring.at(3.5)


def test_heartbeats_change_nothing() -> None:
    for declared in REGISTRY:
        behaviour: Behaviour = behaviour_for(declared)
        memory = behaviour.start(Random(1))
        before = dict(memory)
        behaviour.heartbeat(NOW, Random(2), memory)
        assert memory == before


def test_a_sentinel_stands_for_what_was_not_measured() -> None:
    pounds = next(model for _, model in EVERY_MODEL if model.key == "wss-pounds")
    simulated = device(REGISTRY["scale"], pounds)
    (message,) = simulated.measure([Emission(NOW, values={"body.weight": None})])
    (reading,) = parts([message])
    assert isinstance(reading, Reading)
    assert reading.values == {"weight_raw": POUNDS.sentinels[0]}
