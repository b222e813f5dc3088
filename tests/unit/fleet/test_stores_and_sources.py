"""How sources are and how stores are used: unknown is said, never guessed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.source_health import HEALTH_WORDS, Health, SourceFacts, health_of
from fleet.store_use import FEWEST_DAYS, USE_WORDS, Move, StoreUse, judge_use, moves


@pytest.mark.parametrize(
    ("heard", "used", "use"),
    [
        (None, None, StoreUse.UNKNOWN),
        (0, 0, StoreUse.UNKNOWN),
        (FEWEST_DAYS - 1, 0, StoreUse.UNKNOWN),
        (FEWEST_DAYS, 0, StoreUse.UNDER),
        (90, 9, StoreUse.UNDER),
        (90, 10, StoreUse.NORMAL),
        (90, 72, StoreUse.OVER),
    ],
)
def test_a_device_is_judged_by_its_own_days(heard: int | None, used: int | None, use: StoreUse) -> None:
    judged = judge_use(heard, used, 90)
    assert judged.use is use
    assert (judged.share is None) == (use is StoreUse.UNKNOWN)


@given(st.integers(0, FEWEST_DAYS - 1), st.integers(0, 400))
def test_too_few_days_are_never_called_unused(heard: int, placed: int) -> None:
    assert judge_use(heard, 0, placed).use is StoreUse.UNKNOWN


def test_what_one_store_hardly_uses_is_proposed_to_another_that_wears_out_the_same_model() -> None:
    devices = [
        ("1", "m", "a", StoreUse.UNDER),
        ("2", "m", "a", StoreUse.UNDER),
        ("3", "m", "b", StoreUse.OVER),
        ("4", "n", "b", StoreUse.OVER),
        ("5", "m", "a", StoreUse.OVER),
        ("6", "m", "c", StoreUse.UNKNOWN),
    ]
    assert moves(devices) == [Move("1", "a", "b")], "not within a store, not another model, never what is unknown"


FACTS = {"devices": 20, "can_report": 18, "heard": 0, "ever_heard": 18, "lost": 0}


@pytest.mark.parametrize(
    ("facts", "health"),
    [
        ({"heard": 9}, Health.WORKS),
        ({}, Health.QUIET),
        ({"lost": 12}, Health.LOST),
        ({"ever_heard": 0}, Health.UNKNOWN),
        ({"can_report": 0, "ever_heard": 0}, Health.UNKNOWN),
        ({"heard": 9, "outage_since": date(2026, 11, 1)}, Health.OUTAGE),
    ],
)
def test_a_source_is_never_said_to_work_unless_somebody_was_heard(facts: dict[str, int], health: Health) -> None:
    told, reason = health_of(SourceFacts(**{**FACTS, **facts}))  # type: ignore[arg-type]
    assert told is health
    assert reason.sv != reason.en


def test_every_state_has_words_of_its_own() -> None:
    assert HEALTH_WORDS.keys() == set(Health)
    assert USE_WORDS.keys() == set(StoreUse)
