"""Which absences can be, and when dose alarms rest for one; across both clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.absences import RESTS_DOSES, AbsenceKind, Away, absence_problem, last_day, pause_of
from fleet.clock import STOCKHOLM, local_day

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
TODAY = local_day(NOW)
DAYS = st.integers(-40, 40).map(lambda ago: TODAY + timedelta(days=ago))


def test_a_pause_runs_from_now_to_the_midnight_after_the_last_day() -> None:
    pause = pause_of(Away(AbsenceKind.HOSPITAL, TODAY - timedelta(days=9), TODAY + timedelta(days=1)), NOW)
    assert pause is not None
    assert (pause.starts, pause.ends) == (NOW, datetime(2026, 11, 30, tzinfo=STOCKHOLM))
    ahead = pause_of(Away(AbsenceKind.TRAVEL, date(2027, 3, 27), date(2027, 3, 28)), NOW)
    assert ahead is not None
    assert ahead.ends is not None
    assert ahead.ends.astimezone(UTC) - ahead.starts.astimezone(UTC) == timedelta(hours=47), "the clocks go forward"


def test_nothing_rests_for_what_is_over_or_for_a_machine_in_repair() -> None:
    assert pause_of(Away(AbsenceKind.TRAVEL, TODAY - timedelta(days=3), TODAY - timedelta(days=1)), NOW) is None
    assert pause_of(Away(AbsenceKind.REPAIR, TODAY), NOW) is None
    open_ended = pause_of(Away(AbsenceKind.OTHER, TODAY), NOW)
    assert open_ended is not None
    assert open_ended.ends is None


@given(st.sampled_from(AbsenceKind), DAYS, st.none() | DAYS)
def test_no_pause_reaches_into_the_past_or_ends_before_it_starts(
    kind: AbsenceKind, first: date, until: date | None
) -> None:
    away = Away(kind, first, until)
    if absence_problem(away, TODAY - timedelta(days=60), TODAY) is not None:
        return
    pause = pause_of(away, NOW)
    if pause is None:
        assert kind not in RESTS_DOSES or (until is not None and until < TODAY)
        return
    assert pause.starts >= NOW
    assert pause.ends is None or pause.ends > pause.starts


@pytest.mark.parametrize("loan_day", [None, TODAY + timedelta(days=1)])
def test_an_absence_belongs_to_the_loan_that_is_open(loan_day: date | None) -> None:
    assert absence_problem(Away(AbsenceKind.OTHER, TODAY), loan_day, TODAY) is not None
    assert absence_problem(Away(AbsenceKind.OTHER, TODAY), TODAY, TODAY) is None


def test_days_at_the_ends_of_the_calendar_are_refused_like_any_others() -> None:
    ends = (date.min, date.max)
    for first in ends:
        for until in (*ends, None):
            assert absence_problem(Away(AbsenceKind.OTHER, first, until), TODAY, TODAY) is not None


def test_whoever_is_back_today_was_away_until_yesterday() -> None:
    assert last_day(Away(AbsenceKind.OTHER, TODAY - timedelta(days=3)), TODAY) == TODAY - timedelta(days=1)
    assert last_day(Away(AbsenceKind.OTHER, TODAY), TODAY) == TODAY
