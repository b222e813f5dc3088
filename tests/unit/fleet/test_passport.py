"""The passport's advice: worn out, broken, good for another; unknown stays unknown."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.faults import Severity
from fleet.passport import LIFE_METRICS, LIVES, STORAGE, Advice, Facts, PassportFault, judge
from fleet.registry import load_registry
from fleet.text import Text

TODAY = date(2026, 11, 28)
BROKEN = PassportFault("WC-MOT-02", Text("motor", "motor"), Severity.HIGH, 3, active=True)
HEALED = PassportFault("WC-MOT-02", Text("motor", "motor"), Severity.HIGH, 3, active=False)


def chair(**overrides: Any) -> Facts:
    facts: dict[str, Any] = {
        "device_class": "wheelchair",
        "registered_on": TODAY - timedelta(days=2 * 365),
        "kilometres": 2000.0,
        "cycles": 150.0,
        "battery_health": 88.0,
        "coldest": 12.0,
        "repairs": 1,
        "firmware": "3.2",
        "rent_sek": Decimal(400),
    }
    return Facts(**{**facts, **overrides})


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        (chair(), Advice.RECONDITION),
        (chair(kilometres=12_001.0), Advice.PARTS),
        (chair(registered_on=TODAY - timedelta(days=3000)), Advice.PARTS),
        (chair(kilometres=10_000.0), Advice.RECONDITION),
        (chair(kilometres=10_000.0, faults=(BROKEN,)), Advice.PARTS),
        (chair(kilometres=10_000.0, faults=(HEALED,)), Advice.RECONDITION),
        (chair(kilometres=10_000.0, repairs=20), Advice.PARTS),
        (chair(faults=(BROKEN,)), Advice.RECONDITION),
        (chair(kilometres=None, cycles=None), Advice.UNKNOWN),
        (Facts(device_class="apap", registered_on=TODAY, hours=20_001), Advice.SCRAP),
        (Facts(device_class="scale", registered_on=TODAY), Advice.RECONDITION),
        (Facts(device_class="new_class", registered_on=TODAY - timedelta(days=4000)), Advice.SCRAP),
    ],
)
def test_the_advice_follows_wear_faults_and_repairs(facts: Facts, advice: Advice) -> None:
    assert judge(facts, TODAY).advice is advice


def test_the_value_at_stake_is_the_rent_of_the_life_that_is_left() -> None:
    good = judge(chair(), TODAY)
    assert good.value_sek == Decimal(400) * good.remaining_months
    assert 70 <= good.remaining_months <= 72  # two of eight years
    parts = judge(chair(kilometres=10_000.0, faults=(BROKEN,)), TODAY)
    assert parts.value_sek == Decimal(400) * parts.remaining_months / 5
    assert judge(chair(kilometres=13_000.0), TODAY).value_sek == 0
    assert judge(chair(rent_sek=None), TODAY).value_sek is None
    assert judge(chair(kilometres=None, cycles=None), TODAY).value_sek is None


def test_reasons_name_battery_cold_faults_and_repairs() -> None:
    said = " ".join(
        reason.sv for reason in judge(chair(battery_health=61.0, coldest=-3.5, faults=(BROKEN,)), TODAY).reasons
    )
    for part in ("Körsträcka: 2000 av 12000 km", "Batterihälsa 61 %", "-3,5 °C", "WC-MOT-02", "1 utförda"):
        assert part in said


def test_what_is_not_known_is_said_and_counts_neither_way() -> None:
    verdict = judge(Facts(device_class="wheelchair", registered_on=TODAY), TODAY)
    assert verdict.advice is Advice.UNKNOWN
    assert verdict.worn is None
    names = {name.en for name in verdict.unknown}
    assert {"distance", "charge cycles", "battery health", "repairs", "rent"} <= names
    assert "running time" not in names, "a chair has no such counter"
    assert judge(chair(), TODAY).unknown == ()


NUMBERS = st.none() | st.floats(0, 1e6)


@given(
    st.sampled_from([*LIVES, "new_class"]),
    st.integers(0, 9000),
    st.fixed_dictionaries({"hours": NUMBERS, "kilometres": NUMBERS, "cycles": NUMBERS, "battery_health": NUMBERS}),
    st.none() | st.integers(0, 100),
)
def test_more_wear_never_makes_better_advice(
    device_class: str, days: int, counters: dict[str, Any], repairs: int | None
) -> None:
    facts: dict[str, Any] = {"device_class": device_class, "rent_sek": Decimal(100), "repairs": repairs, **counters}
    younger = judge(Facts(registered_on=TODAY - timedelta(days=days), **facts), TODAY)
    older = judge(Facts(registered_on=TODAY - timedelta(days=days + 800), **facts), TODAY)
    assert older.remaining_months <= younger.remaining_months
    if younger.advice in {Advice.PARTS, Advice.SCRAP} and repairs is None:
        assert older.advice is younger.advice
    assert (younger.value_sek is None) == (younger.advice is Advice.UNKNOWN)


def test_the_metrics_it_looks_for_are_some_profiles() -> None:
    keys = {metric.key for profile in load_registry() for metric in profile.metrics}
    assert set(LIFE_METRICS) | set(STORAGE) <= keys
    assert set(LIVES) <= {profile.name for profile in load_registry()}
