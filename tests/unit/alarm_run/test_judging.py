"""What a run of alarms counts: what was never sent, what came twice, what came in the wrong order."""

from fjarrkoll.alarm_run.judging import judge
from fjarrkoll.alarm_run.sink import Arrival

JAMMED = {f"d-{number}": float(number) for number in range(100)}


def arrivals(late: float = 0.5) -> list[Arrival]:
    return [Arrival(at + late, f"alarm-{device}-raised", device, "raised") for device, at in JAMMED.items()]


def test_a_sound_run() -> None:
    result = judge(JAMMED, arrivals(), kills=0, background=1.0)
    assert result.sound
    assert (result.p50, result.p99, result.longest) == (0.5, 0.5, 0.5)


def test_one_alarm_that_never_came_is_seen() -> None:
    result = judge(JAMMED, arrivals()[1:], kills=5, background=0)
    assert (result.never_sent, result.sound) == (1, False)


def test_a_repeat_is_explained_by_a_kill_and_by_nothing_else() -> None:
    twice = [*arrivals(), arrivals()[0]]
    assert judge(JAMMED, twice, kills=1, background=0).sound
    assert not judge(JAMMED, twice, kills=0, background=0).sound


def test_an_end_before_its_beginning_is_seen() -> None:
    early = Arrival(0.0, "alarm-d-1-cleared", "d-1", "cleared")
    assert judge(JAMMED, [early, *arrivals()], kills=9, background=0).out_of_order == 1


def test_a_run_in_which_nothing_jammed_proves_nothing() -> None:
    assert not judge({}, [], kills=0, background=0).sound


def test_the_percentile_is_the_nearest_rank() -> None:
    spread = [Arrival(at + (at + 1) / 100, f"k-{device}", device, "raised") for device, at in JAMMED.items()]
    result = judge(JAMMED, spread, kills=0, background=0)
    assert (result.p50, result.p99, result.longest) == (0.5, 0.99, 1.0)
