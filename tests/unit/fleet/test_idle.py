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
from fleet.idle_fleet import NO_DAY, NO_LOAN, Block, Other, code, judge, marks
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
    used = {day for day in heard if day <= ago(stopped) and chance.random() < use}
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
    stories = [random_story(chance) for _ in range(2_000)]
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
    [strip] = marks(block, found, np.array([0], np.int32))
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
@settings(max_examples=250, deadline=None)
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
    said, step, _ = verdict(story, policy)
    if step is Step.NONE:
        return
    limits = BY_PLACE[policy]
    after = max((n for n in range(loan + 1) if n not in used and n in heard), default=None)
    assert said in PROVEN_UNUSED
    assert after is not None
    latest = min(*(heard | used), 500 if last_seen is None else last_seen)
    assert latest <= limits.silent_after_days, "nothing was heard lately"
    last_used = min((n for n in used if n <= loan), default=loan + 1)
    counted = [n for n in heard - used if n < last_used and n <= loan]
    away = {
        n
        for start, end in absences
        for n in range(-1 if end is None else min(start, end) - limits.after_absence_days, start + 1)
    }
    assert len([n for n in counted if n not in away]) >= limits.note_days, "not enough days say so"
    grown = replace(story, absences=[*story.absences, (ago(420), None)])
    assert verdict(grown, policy)[1] is Step.NONE or min(used, default=99) <= 2


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
