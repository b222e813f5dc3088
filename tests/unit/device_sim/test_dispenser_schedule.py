"""A simulated dispenser follows a schedule that the platform can be given: same times, same numbers."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from device_sim.behaviours.base import Day
from device_sim.behaviours.dispenser import Dispenser, schedule_of
from device_sim.persona import draw_persona
from fleet.doses import due_between
from fleet.registry import load_registry


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28), date(2026, 11, 28)])
def test_every_dose_due_is_the_schedules_own(day: date) -> None:
    behaviour = Dispenser(load_registry()["dispenser"])
    dosed = 0
    for seed in range(20):
        persona = draw_persona(Random(seed))
        memory = behaviour.start(Random(seed))
        emissions = behaviour.day(Day(day, 0.1, persona, Random(seed), memory))
        said = [(e.at, e.data["sequence"]) for e in emissions if e.event == "dose_due"]
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
        schedule = schedule_of(memory, start)
        mine = due_between(schedule, start, start + timedelta(hours=30))
        expected = [(due.at, due.sequence) for due in mine if due.sequence // 100 == int(f"{day:%Y%m%d}")]
        assert said in ([], expected)  # none on a day away
        dosed += bool(said)
    assert dosed > 5
