"""The idle verdict: the fleet's arithmetic is the plain story of each device, and silence never proposes."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.clock import STOCKHOLM, local_day
from fleet.idle import PROVEN_UNUSED, UNKNOWN, Step, Verdict, cost_sek
from fleet.idle_fleet import (
    ANSWER_DAYS,
    DOUBT,
    NO_DAY,
    NO_LOAN,
    RULED_OUT,
    Block,
    Judged,
    Other,
    code,
    hold_back,
    judge,
    marks,
)
from fleet.idle_policies import policies_over
from fleet.registry import load_registry
from fleet.usage import IdlePolicy
from tests.unit.fleet.idle_reference import Story, verdict_of

TODAY: Final = date(2026, 11, 28)
WINDOW: Final = 430
FIRST: Final = TODAY - timedelta(days=WINDOW - 1)
REGISTRY: Final = load_registry()
POLICIES: Final = policies_over(REGISTRY, FIRST, WINDOW)
BY_PLACE: Final[dict[int, IdlePolicy]] = {
    POLICIES.index[profile.name, policy.name]: policy for profile in REGISTRY for policy in profile.idle_policies
}
INDOOR: Final = POLICIES.index["wheelchair", "indoor"]
OUTDOOR: Final = POLICIES.index["wheelchair", "outdoor"]


def place(day: date | None, absent: int = NO_DAY) -> int:
    return absent if day is None else (day - FIRST).days


def block_of(stories: Sequence[tuple[Story, int]], others: Sequence[Other] = ()) -> Block:
    shape = (WINDOW, len(stories))
    heard, used, away = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    away_since = np.full(len(stories), NO_DAY, np.int32)
    for number, (story, policy) in enumerate(stories):
        for days, target in ((story.heard | story.used, heard), (story.used, used)):
            target[[place(day) for day in days if FIRST <= day <= TODAY], number] = True
        for start, end in story.absences:
            last = WINDOW if end is None else place(end) + BY_PLACE[policy].after_absence_days
            away[max(0, place(start)) : max(0, last + 1), number] = True
            if start <= TODAY and (end is None or end >= TODAY):
                away_since[number] = max(away_since[number], place(start))
    own = [story for story, _ in stories]
    count = len(stories)

    def column(values: Sequence[Any]) -> Any:
        return np.array(values, np.int32)

    return Block(
        heard=heard,
        used=used,
        away=away,
        away_since=away_since,
        loan=column([place(story.loan, NO_LOAN) for story in own]),
        today=column([WINDOW - 1] * count),
        can_report=np.array([story.can_report for story in own]),
        last_seen=column([place(story.last_seen) for story in own]),
        policy=column([policy for _, policy in stories]),
        interval=column([story.interval for story in own]),
        source_lost=column([place(story.source_lost) for story in own]),
        replaced=column([place(story.replaced) for story in own]),
        replaced_by=column([9 if story.replaced else 0 for story in own]),
        others=others,
    )


def verdict(story: Story, policy: int = INDOOR, others: Sequence[Other] = ()) -> tuple[Verdict, Step, int]:
    found = judge(block_of([(story, policy)], others), POLICIES)
    return list(Verdict)[found.verdict[0]], list(Step)[found.step[0]], int(found.days[0])


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def between(oldest: int, newest: int) -> set[date]:
    return {ago(days) for days in range(newest, oldest + 1)}


def chair(**override: Any) -> Story:
    """A chair used daily until sixty days ago, and heard every day since."""
    values = {"today": TODAY, "loan": ago(400), "heard": between(400, 0), "used": between(390, 60), **override}
    return Story(**values)


def random_story(chance: random.Random) -> tuple[Story, int]:
    policy = chance.choice(list(BY_PLACE))
    loan = None if chance.random() < 0.05 else ago(chance.choice([3, 20, 60, 200, 420, 600]))
    on, use = chance.choice([0.0, 0.3, 0.9, 1.0]), chance.choice([0.0, 0.1, 0.7, 1.0])
    stopped = chance.choice([0, 0, 5, 10, 20, 40, 70, 130, 300])
    silent = chance.choice([0, 0, 0, 1, 3, 4, 5, 30])
    heard = {ago(n) for n in range(silent, 450) if chance.random() < on}
    used = {day for day in sorted(heard) if day <= ago(stopped) and chance.random() < use}
    start = chance.randrange(200)
    absences = [(ago(start), chance.choice([None, ago(start - start // 2)]))] if chance.random() < 0.2 else []
    return (
        Story(
            today=TODAY,
            loan=loan,
            can_report=chance.random() < 0.95,
            heard=heard,
            used=used,
            absences=absences,
            last_seen=ago(chance.choice([0, 2, 30, 500])) if chance.random() < 0.3 else None,
            interval=chance.choice([0, 0, 7]),
            source_lost=ago(silent) if chance.random() < 0.2 else None,
            replaced=ago(chance.randrange(100)) if chance.random() < 0.1 else None,
        ),
        policy,
    )


def test_a_random_fleet_is_judged_as_each_device_s_own_story() -> None:
    chance = random.Random(7)
    stories = [random_story(chance) for _ in range(1_000)]
    found = judge(block_of(stories), POLICIES)
    met = set()
    for number, (story, policy) in enumerate(stories):
        wanted = verdict_of(story, BY_PLACE[policy], FIRST)
        said, step = list(Verdict)[found.verdict[number]], list(Step)[found.step[number]]
        since = None if found.since[number] == NO_DAY else FIRST + timedelta(days=int(found.since[number]))
        days = None if said is Verdict.IN_STOCK else int(found.days[number])
        assert (said, step, since, days) == wanted, (number, story, BY_PLACE[policy])
        met.add((said, step))
    assert {word for word, _ in met} == set(Verdict) - {Verdict.NOT_JUDGED}
    assert {step for word, step in met if word is Verdict.UNUSED} == set(Step)


def test_sixty_days_of_data_without_use_propose() -> None:
    assert verdict(chair()) == (Verdict.UNUSED, Step.PROPOSE, 59)


def test_a_device_that_was_off_for_weeks_proves_nothing_about_them() -> None:
    back = chair(used=between(390, 40), heard=between(400, 40) | between(1, 0))
    assert verdict(back) == (Verdict.USED, Step.NONE, 40)


def test_a_day_counts_only_once_the_device_was_heard_again_later() -> None:
    assert verdict(chair(heard=between(400, 31), used=between(390, 60))) == (Verdict.SILENT, Step.NONE, 31)
    assert verdict(chair(used=between(390, 31), heard=between(400, 0)))[2] == 30
    assert verdict(chair(used=between(390, 31), heard=between(400, 1)))[2] == 29


def test_more_unknown_days_than_proven_ones_do_not_propose() -> None:
    thin = chair(used=between(390, 100), heard={ago(n) for n in range(400) if n > 99 or n % 3 == 0})
    assert verdict(thin)[:2] == (Verdict.UNUSED, Step.CONTACT)


def test_an_open_absence_and_the_days_after_one_do_not_count() -> None:
    assert verdict(chair(absences=[(ago(50), None)]))[:2] == (Verdict.ABSENT, Step.NONE)
    assert verdict(chair(absences=[(ago(50), ago(10))])) == (Verdict.UNUSED, Step.NOTE, 59 - 41 - 7)


def test_use_during_an_absence_is_use() -> None:
    assert verdict(chair(absences=[(ago(50), None)], used=between(390, 60) | {ago(1)}))[0] is Verdict.USED


def test_a_new_loan_begins_with_nothing_of_the_earlier_one() -> None:
    assert verdict(chair(loan=ago(5)))[0] is Verdict.TOO_EARLY
    assert verdict(chair(loan=ago(45), heard=between(400, 10))) == (Verdict.SILENT, Step.NONE, 10)


def test_winter_does_not_propose_an_outdoor_chair_but_an_indoor_one() -> None:
    since_october = chair(used=between(390, 34))
    assert verdict(since_october, OUTDOOR)[1] is Step.NONE
    assert verdict(since_october, INDOOR)[1] is Step.PROPOSE


def winter_only(*, used: set[date], last: int) -> Story:
    """An outdoor chair judged in April (`last` days ago), of which nothing but the winter is known."""
    today = ago(last)
    return Story(today=TODAY, loan=ago(last + 140), heard=between(last + 140, last), used=used, last_seen=today)


def in_april(story: Story, day: date) -> Judged:
    """The verdict on an outdoor chair as of a day in spring."""
    first = day - timedelta(days=WINDOW - 1)
    block = block_of([(story, OUTDOOR)])
    back = (TODAY - day).days
    moved = replace(
        block,
        **{name: np.roll(getattr(block, name), back, axis=0) for name in ("heard", "used", "away")},
        loan=block.loan + back,
        last_seen=block.last_seen + back,
    )
    return judge(moved, policies_over(REGISTRY, first, WINDOW))


def test_a_winter_alone_does_not_propose_a_chair_that_was_never_used() -> None:
    april, may = date(2026, 4, 8), date(2026, 5, 2)
    for day, step in ((april, Step.CONTACT), (may, Step.PROPOSE)):
        back = (TODAY - day).days
        found = in_april(winter_only(used=set(), last=back), day)
        assert (list(Verdict)[found.verdict[0]], list(Step)[found.step[0]]) == (Verdict.NEVER_STARTED, step)


def test_a_winter_day_is_worth_what_the_same_person_made_of_winter_and_summer_days() -> None:
    often = {ago(n) for n in range(30, 400, 2)}
    summer_only = {day for day in often if day.month not in {11, 12, 1, 2, 3}}
    for used, at_least, at_most in ((often, 15, 28), (summer_only, 0, 0)):
        gone = {day for day in used if day <= date(2026, 10, 31)}
        found = judge(block_of([(chair(used=gone), OUTDOOR)]), POLICIES)
        extra = int(found.current_gap[0]) - int(found.days[0] - found.quiet_days[0])
        assert at_least <= extra <= at_most, used


def test_a_winter_gap_counts_by_half_and_sets_no_limit_of_its_own() -> None:
    used = {ago(n) for n in (*range(240, 330, 10), *range(60, 200))}  # every tenth winter day, every summer day
    found = judge(block_of([(chair(used=used), OUTDOOR)]), POLICIES)
    histogram = found.rhythm.histogram[0]
    assert histogram[1] == len(range(60, 200)) - 1
    assert histogram[5] == len(range(250, 330, 10)) - 1, "nine unused winter days between two uses are four and a half"
    assert found.rhythm.longest[0] == 1


def steps_after(stories: Sequence[Story], in_use: Sequence[float]) -> list[Step]:
    found = judge(block_of([(story, INDOOR) for story in stories]), POLICIES)
    before = found.step.copy()
    hold_back(found, np.array(in_use))
    assert np.all(found.step <= before), "the second opinion never raises a step"
    assert np.array_equal(found.held_back, found.step < before)
    return [list(Step)[step] for step in found.step]


def test_at_the_limit_a_return_is_proposed_only_where_use_is_ruled_out() -> None:
    at_limit = chair(used=between(390, 35))  # 34 days of a limit of 30
    assert steps_after([at_limit] * 4, [RULED_OUT, RULED_OUT - 0.001, 0.9, np.nan]) == [
        *(Step.CONTACT, Step.PROPOSE, Step.CONTACT, Step.PROPOSE)
    ]


def test_after_the_time_to_answer_a_return_is_proposed_unless_use_is_probable() -> None:
    asked = chair(used=between(390, 31 + ANSWER_DAYS))
    assert steps_after([asked] * 3, [DOUBT, DOUBT - 0.01, np.nan]) == [Step.CONTACT, Step.PROPOSE, Step.PROPOSE]
    assert steps_after([chair(used=between(390, 20))], [0.0]) == [Step.CONTACT]


def test_a_device_that_was_never_used_is_asked_about_before_its_return_is_proposed() -> None:
    assert verdict(chair(used=set(), heard=between(40, 0)))[:2] == (Verdict.NEVER_STARTED, Step.CONTACT)
    assert verdict(chair(used=set(), heard=between(31 + ANSWER_DAYS, 0)))[:2] == (Verdict.NEVER_STARTED, Step.PROPOSE)


def test_a_replacement_that_a_person_registered_is_not_held_back() -> None:
    found = judge(block_of([(chair(replaced=ago(59)), INDOOR)]), POLICIES)
    hold_back(found, np.array([1.0]))
    assert list(Step)[found.step[0]] is Step.PROPOSE


def test_a_person_who_uses_it_every_third_week_has_limits_of_their_own() -> None:
    assert verdict(chair(used={ago(n) for n in range(35, 400, 20)}))[0] is Verdict.USED
    assert verdict(chair(used={ago(n) for n in range(45, 400, 20)}))[:2] == (Verdict.UNUSED, Step.PROPOSE)
    assert verdict(chair(used=between(390, 35)))[:2] == (Verdict.UNUSED, Step.PROPOSE)


def test_a_prescribed_interval_lifts_the_limits() -> None:
    assert verdict(chair(interval=30))[0] is Verdict.USED


def test_a_night_on_both_machines_is_shown_and_never_merged() -> None:
    mine, other = chair(used=between(390, 40)), np.zeros(WINDOW, bool)
    other[[place(ago(n)) for n in (40, 41, *range(20, 39))]] = True
    block = block_of([(mine, INDOOR)], [Other(0, 77, other)])
    found = judge(block, POLICIES)
    assert (found.verdict[0], found.double_days[0], found.other[0]) == (code(Verdict.REPLACED), 2, 77)
    assert list(Step)[found.step[0]] is Step.CONTACT  # a person looks first: both may be in use
    strip = marks(block, found, np.array([0], np.int32)).tobytes().decode("ascii")
    assert strip.count("D") == 2
    assert strip.endswith("n")


def test_a_registered_replacement_proposes_only_on_data() -> None:
    assert verdict(chair(replaced=ago(59)))[:2] == (Verdict.REPLACED, Step.PROPOSE)
    assert verdict(chair(replaced=ago(59), heard=between(400, 10)))[:2] == (Verdict.REPLACED, Step.NONE)


@given(
    heard=st.frozensets(st.integers(0, 420)),
    used=st.frozensets(st.integers(0, 420)),
    loan=st.integers(0, 500),
    absences=st.lists(st.tuples(st.integers(0, 420), st.none() | st.integers(0, 420)), max_size=3),
    last_seen=st.none() | st.integers(0, 500),
    replaced=st.none() | st.integers(0, 420),
    policy=st.sampled_from(sorted(BY_PLACE)),
)
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_events_proposes_on_silence_on_an_absence_or_across_a_loan(  # noqa: PLR0917 - hypothesis's
    heard: frozenset[int],
    used: frozenset[int],
    loan: int,
    absences: list[tuple[int, int | None]],
    last_seen: int | None,
    replaced: int | None,
    policy: int,
) -> None:
    story = Story(
        today=TODAY,
        loan=ago(loan),
        heard={ago(n) for n in heard},
        used={ago(n) for n in used},
        absences=[(ago(start), None if end is None else ago(min(start, end))) for start, end in absences],
        last_seen=None if last_seen is None else ago(last_seen),
        replaced=None if replaced is None else ago(replaced),
    )
    assert no_ground(story, policy, verdict(story, policy)) is None


def no_ground(story: Story, policy: int, judged: tuple[Verdict, Step, int]) -> str | None:
    """What a step lacks, told from the story alone; None where nothing is suggested or all is well."""
    said, step, _ = judged
    if step is Step.NONE:
        return None
    limits, lent = BY_PLACE[policy], story.loan or TODAY
    heard = {day for day in story.heard | story.used if day >= lent}
    last_used = max((day for day in story.used if day >= lent), default=lent - timedelta(days=1))
    latest = max([*heard, *([story.last_seen] if story.last_seen is not None else [])], default=date.min)
    away = {
        start + timedelta(days=n)
        for start, end in story.absences
        for n in range(((end or TODAY) - start).days + 1 + (limits.after_absence_days if end else 0))
    }
    counted = [day for day in heard - story.used if last_used < day < max(heard)]
    absent_now = any(start <= TODAY and (end is None or end >= TODAY) for start, end in story.absences)
    if said not in PROVEN_UNUSED:
        return "a verdict that proves nothing"
    if not heard or (TODAY - latest).days > limits.silent_after_days:
        return "silence"
    if absent_now and (TODAY - last_used).days > 2:
        return "absence"
    if len([day for day in counted if day not in away]) < limits.note_days:
        return "too few days"
    return None


def wrongly(story: Story, policy: int, *, what: str) -> tuple[Verdict, Step, int]:
    """The verdict of a wrong rule."""
    block = block_of([(story, policy)])
    planted: dict[str, dict[str, Any]] = {
        "silence": {"heard": np.ones_like(block.heard), "last_seen": block.today},
        "absence": {"away": np.zeros_like(block.away), "away_since": np.full_like(block.away_since, NO_DAY)},
        "too few days": {"loan": np.full_like(block.loan, -400)},  # the earlier borrower's days, too
    }
    found = judge(replace(block, **planted[what]), POLICIES)
    return list(Verdict)[found.verdict[0]], list(Step)[found.step[0]], int(found.days[0])


@pytest.mark.parametrize(
    ("what", "story"),
    [
        ("silence", chair(heard=between(400, 60))),
        ("absence", chair(absences=[(ago(50), None)])),
        ("too few days", chair(loan=ago(5))),
    ],
)
def test_a_planted_wrong_rule_is_caught(what: str, story: Story) -> None:
    assert no_ground(story, INDOOR, wrongly(story, INDOOR, what=what)) == what
    assert no_ground(story, INDOOR, verdict(story)) is None


@pytest.mark.parametrize("hour", [0, 12])
def test_the_days_on_which_clocks_change_count_once(hour: int) -> None:
    from datetime import datetime  # noqa: PLC0415 - beside its only use

    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        moments = [datetime(day.year, day.month, day.day, h, 30, tzinfo=STOCKHOLM) for h in range(24)]
        days = {local_day(moment, hour) for moment in moments}
        assert days == ({day} if hour == 0 else {day, day - timedelta(days=1)})


def test_unknown_is_never_among_the_unused() -> None:
    assert not PROVEN_UNUSED & UNKNOWN


def test_rent_by_days() -> None:
    assert cost_sek(Decimal(410), 40) == Decimal("538.81")
