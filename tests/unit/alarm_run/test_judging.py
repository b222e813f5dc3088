"""What a run of alarms counts: what was never sent, what came twice, what came in the wrong order."""

import pytest

from fjarrkoll.alarm_run.faults import Fault
from fjarrkoll.alarm_run.judging import Conditions, judge
from fjarrkoll.alarm_run.sink import Arrival

JAMMED = {f"d-{number}": float(number) for number in range(100)}


def arrivals(late: float = 0.5) -> list[Arrival]:
    return [Arrival(at + late, f"alarm-{device}-raised", device, "raised") for device, at in JAMMED.items()]


def test_a_sound_run() -> None:
    result = judge(JAMMED, arrivals(), Conditions())
    assert result.sound
    assert (result.p50, result.p99, result.longest) == (0.5, 0.5, 0.5)


def test_one_alarm_that_never_came_is_seen() -> None:
    result = judge(JAMMED, arrivals()[1:], Conditions(kills=5))
    assert (result.never_sent, result.sound) == (1, False)


def test_a_repeat_is_explained_by_a_kill_and_by_nothing_else() -> None:
    twice = [*arrivals(), arrivals()[0]]
    assert judge(JAMMED, twice, Conditions(kills=1)).sound
    assert not judge(JAMMED, twice, Conditions()).sound


def test_an_end_before_its_beginning_is_seen() -> None:
    early = Arrival(0.0, "alarm-d-1-cleared", "d-1", "cleared")
    assert judge(JAMMED, [early, *arrivals()], Conditions(kills=9)).out_of_order == 1


def test_a_run_in_which_nothing_jammed_proves_nothing() -> None:
    assert not judge({}, [], Conditions()).sound


def test_the_percentile_is_the_nearest_rank() -> None:
    spread = [Arrival(at + (at + 1) / 100, f"k-{device}", device, "raised") for device, at in JAMMED.items()]
    result = judge(JAMMED, spread, Conditions())
    assert (result.p50, result.p99, result.longest) == (0.5, 0.99, 1.0)


@pytest.mark.parametrize(
    ("late", "conditions", "in_time"),
    [
        (0.9, Conditions(), True),
        (1.1, Conditions(), False),
        (9.9, Conditions(fault=Fault.BROKER_RESTARTED), True),
        (10.1, Conditions(fault=Fault.BROKER_RESTARTED), False),
        (9.9, Conditions(kills=1), True),
    ],
)
def test_the_limits_are_a_second_and_ten_seconds_where_something_failed(
    late: float, conditions: Conditions, in_time: bool
) -> None:
    assert judge(JAMMED, arrivals(late), conditions).in_time is in_time


def test_one_that_took_longer_than_five_seconds_is_too_late_though_99_of_100_were_quick() -> None:
    slowest = Arrival(99 + 5.1, "k", "d-99", "raised")
    result = judge(JAMMED, [*arrivals(0.1)[:99], slowest], Conditions())
    assert (result.p99, result.in_time) == (0.1, False)


def test_a_worker_that_was_stopped_may_tell_once_more_when_it_goes_on() -> None:
    twice = [*arrivals(), arrivals()[0]]
    assert judge(JAMMED, twice, Conditions(fault=Fault.WORKER_STOPPED)).sound
    assert not judge(JAMMED, twice, Conditions(fault=Fault.RECEIVER_SLOW)).sound
