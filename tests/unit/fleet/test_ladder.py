"""The escalation ladder: who is called when, what is passed, what holds and what never may."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from fleet.calendar import DayKind
from fleet.ladder import (
    DEFAULT,
    INSTALLATION,
    Cause,
    Duty,
    Ladder,
    LadderError,
    Person,
    Standing,
    Step,
    Why,
    Window,
    quiet_ends,
    set_back,
    walk,
)
from fleet.ladder_document import read_ladder, read_windows, write_ladder
from fleet.rota import Flaw, check

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday, 13:00 in Sweden
SAFETY, OTHER = Cause(safety=True), Cause(safety=False)
MINUTE = timedelta(minutes=1)
ALWAYS_REACHED = {
    code: Person() for code in ("relative", "home-care", "night-patrol", "alarm-centre", "nurse", INSTALLATION)
}
NIGHT = Window(begins=time(22), ends=time(7))
DAY = Window(begins=time(7), ends=time(22))


def step(*recipients: str, minutes: float = 3, falls_through: bool = False) -> Step:
    duties = tuple(Duty(recipient=code) for code in recipients)
    return Step(duties=duties, wait=minutes * MINUTE, falls_through=falls_through)


LADDER = Ladder(code="person", steps=(step("relative"), step("home-care", minutes=5)), last_resort=("alarm-centre",))


def at(position: int, due: datetime = NOW) -> Standing:
    return Standing(position=position, due=due)


def test_it_is_walked_in_order_and_then_repeats_its_last_resort_for_ever() -> None:
    standing, called = at(0), []
    for _ in range(5):
        move = walk(LADDER, standing, SAFETY, ALWAYS_REACHED, standing.due)
        called.append((move.calls[0], (standing.due - NOW) // MINUTE))
        standing = at(move.next_position, move.next_at)
    assert called == [
        ("relative", 0),
        ("home-care", 3),
        ("alarm-centre", 8),
        ("alarm-centre", 13),
        ("alarm-centre", 18),
    ]


def test_a_ladder_without_a_last_resort_is_refused() -> None:
    with pytest.raises(LadderError, match="last resort"):
        Ladder(code="empty", last_resort=())
    with pytest.raises(LadderError, match="calls nobody"):
        step()


def test_a_step_that_nobody_serves_is_passed_at_once() -> None:
    nightly = Step(duties=(Duty(recipient="night-patrol", windows=(NIGHT,)),), wait=3 * MINUTE, falls_through=True)
    ladder = Ladder(code="gap", steps=(nightly, step("home-care")), last_resort=("alarm-centre",))
    by_day = walk(ladder, at(0), SAFETY, ALWAYS_REACHED, NOW)
    assert (by_day.calls, by_day.passed, by_day.next_at) == (("home-care",), (0,), NOW + 3 * MINUTE)
    assert walk(ladder, at(0), SAFETY, ALWAYS_REACHED, NOW + timedelta(hours=10)).calls == ("night-patrol",)


def test_whoever_cannot_be_reached_is_passed_and_the_installation_is_the_very_last() -> None:
    people = {**ALWAYS_REACHED, "relative": Person(reachable=False)}
    assert walk(LADDER, at(0), SAFETY, people, NOW).calls == ("home-care",)
    nobody = walk(LADDER, at(0), SAFETY, {}, NOW)
    assert (nobody.calls, nobody.why, nobody.next_at) == ((INSTALLATION,), Why.NOBODY_REACHABLE, NOW + 5 * MINUTE)


def test_quiet_hours_hold_what_can_wait_and_never_a_safety_cause() -> None:
    asleep = {code: Person(quiet=(NIGHT,)) for code in ALWAYS_REACHED}
    late = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)  # 23:30 in Sweden
    held = walk(LADDER, at(0, late), OTHER, asleep, late)
    assert (held.calls, held.next_position, held.why) == ((), 0, Why.QUIET_HOURS)
    assert held.next_at == datetime(2026, 11, 26, 6, tzinfo=UTC)
    assert walk(LADDER, at(0, held.next_at), OTHER, asleep, held.next_at).calls == ("relative",)
    assert walk(LADDER, at(0, late), SAFETY, asleep, late).calls == ("relative",)


def test_quiet_without_end_is_none() -> None:
    assert quiet_ends(Person(quiet=(Window(),)), NOW) == NOW + timedelta(days=1)


def test_a_silence_holds_until_its_end_and_never_a_safety_cause() -> None:
    until = NOW + timedelta(hours=3)
    held = walk(LADDER, at(0), Cause(safety=False, silenced_until=until), ALWAYS_REACHED, NOW)
    assert (held.calls, held.next_at, held.why) == ((), until, Why.SILENCED)
    over = walk(LADDER, at(0, until), Cause(safety=False, silenced_until=until), ALWAYS_REACHED, until)
    assert over.calls == ("relative",)
    assert walk(LADDER, at(0), Cause(safety=True, silenced_until=until), ALWAYS_REACHED, NOW).calls == ("relative",)


def test_a_safety_cause_that_fell_behind_catches_up_step_by_step_and_others_wait_anew() -> None:
    late = NOW + timedelta(hours=1)
    assert walk(LADDER, at(0), SAFETY, ALWAYS_REACHED, late).next_at == NOW + 3 * MINUTE  # due at once
    assert walk(LADDER, at(0), OTHER, ALWAYS_REACHED, late).next_at == late + 3 * MINUTE
    assert walk(LADDER, at(2), SAFETY, ALWAYS_REACHED, late).next_at == late + 5 * MINUTE  # no storm of missed repeats


def test_a_clock_that_went_back_delays_a_step_by_its_wait_and_no_more() -> None:
    move = set_back(1, 3 * MINUTE, NOW)
    assert (move.calls, move.next_position, move.next_at) == ((), 1, NOW + 3 * MINUTE)


def test_without_a_ladder_the_installations_channels_are_called_at_once_and_again() -> None:
    move = walk(DEFAULT, at(0), SAFETY, ALWAYS_REACHED, NOW)
    assert (move.calls, move.next_at) == ((INSTALLATION,), NOW + 5 * MINUTE)
    assert walk(DEFAULT, at(0), OTHER, ALWAYS_REACHED, NOW).next_at == NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("local", "holds"),
    [("2026-12-24T12:00", True), ("2026-12-23T12:00", False), ("2026-06-19T12:00", True), ("2026-11-28T12:00", False)],
)
def test_windows_know_swedish_holidays(local: str, holds: bool) -> None:
    holiday = Window(days=frozenset({DayKind.HOLIDAY}))
    assert holiday.holds(datetime.fromisoformat(f"{local}:00+01:00")) is holds


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = Window(days=frozenset({DayKind.WORKDAY}), begins=time(22), ends=time(7))
    assert friday_night.holds(datetime(2026, 11, 28, 1, tzinfo=UTC))  # Saturday 02:00
    assert not friday_night.holds(datetime(2026, 11, 28, 22, tzinfo=UTC))  # Saturday 23:00


def test_shifts_cover_the_night_of_both_clock_changes() -> None:
    shifts = read_windows(["day", "evening", "night"])
    for change in (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2027, 3, 27, 12, tzinfo=UTC)):
        for minutes in range(0, 36 * 60, 7):
            moment = change + timedelta(minutes=minutes)
            assert sum(window.holds(moment) for window in shifts) == 1, moment


def test_a_gap_in_a_rota_is_refused_with_its_times_or_told_where_it_may_fall_through() -> None:
    only_days = Step(duties=(Duty(recipient="home-care", windows=(DAY,)),), wait=3 * MINUTE)
    ladder = Ladder(code="gap", steps=(only_days,), last_resort=("alarm-centre",))
    flaw = check(ladder, ALWAYS_REACHED, NOW)[0]
    assert (flaw.flaw, flaw.refused, flaw.where) == (Flaw.GAP, True, "1")
    assert (flaw.begins, flaw.ends) == (
        datetime(2026, 11, 25, 21, tzinfo=UTC),
        datetime(2026, 11, 26, 6, tzinfo=UTC),
    )
    allowed = Ladder(
        code="gap",
        steps=(Step(duties=only_days.duties, wait=3 * MINUTE, falls_through=True),),
        last_resort=("alarm-centre",),
    )
    assert not any(flaw.refused for flaw in check(allowed, ALWAYS_REACHED, NOW))


def test_a_rota_that_ends_is_found_before_it_does() -> None:
    laid = Duty(recipient="home-care", last_day=date(2026, 12, 6))
    ladder = Ladder(code="rota", steps=(Step(duties=(laid,), wait=3 * MINUTE),), last_resort=("alarm-centre",))
    [flaw] = check(ladder, ALWAYS_REACHED, NOW)
    assert flaw.begins == datetime(2026, 12, 6, 23, tzinfo=UTC)


def test_a_last_resort_that_nobody_can_reach_is_refused() -> None:
    flaws = check(LADDER, {**ALWAYS_REACHED, "alarm-centre": Person(reachable=False)}, NOW)
    assert {flaw.flaw for flaw in flaws if flaw.refused} == {Flaw.NOBODY_IN_LAST_RESORT}


def test_a_document_is_read_and_written_without_loss() -> None:
    document = {
        "code": "person-7",
        "steps": [
            {
                "wait_minutes": 2.5,
                "call": [
                    {"recipient": "home-care", "when": [{"days": ["workdays"], "begins": "07:00", "ends": "16:00"}]},
                    {"recipient": "night-patrol", "when": ["night"], "first_day": "2026-12-01"},
                ],
            },
            {"wait_minutes": 5, "falls_through": True, "call": ["nurse"]},
        ],
        "last_resort": ["alarm-centre"],
    }
    ladder = read_ladder(document)
    assert read_ladder(write_ladder(ladder)) == ladder
    assert ladder.steps[0].duties[0].windows[0].days == {DayKind.WORKDAY, DayKind.HALF_DAY}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_resort": []}, "last resort"),
        ({"last_resort": "nobody"}, "list"),
        ({"stpes": []}, "unknown field"),
        ({"steps": [{"wait_minutes": 0, "call": ["nurse"]}]}, "minutes"),
        ({"steps": [{"wait_minutes": True, "call": ["nurse"]}]}, "minutes"),
        ({"steps": [{"wait_minutes": 3, "call": []}]}, "nobody"),
        ({"steps": [{"wait_minutes": 3, "call": [{"recipient": "nurse", "when": ["noon"]}]}]}, "shift"),
        ({"steps": [{"wait_minutes": 3, "call": [{"recipient": "nurse", "when": [{"days": "never"}]}]}]}, "days"),
        ({"steps": [{"wait_minutes": 3, "call": [{"recipient": "nurse", "when": [{"begins": "25:00"}]}]}]}, "07:30"),
        ({"steps": 3}, "list"),
        ({"code": ""}, "word"),
    ],
)
def test_a_document_that_is_wrong_is_refused_in_a_sentence(change: dict[str, object], said: str) -> None:
    with pytest.raises(LadderError, match=said):
        read_ladder({"code": "x1", "last_resort": ["alarm-centre"], **change})
