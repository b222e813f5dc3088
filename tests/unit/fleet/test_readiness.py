"""Readiness: one unknown is never ready, and every answer that is not well says how to find out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.readiness import (
    Answer,
    Battery,
    CheckName,
    Facts,
    Limits,
    Readiness,
    Sample,
    Service,
    Verdict,
    commands_to_stage,
    judge,
)
from fleet.text import Text

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FAULT = Text("Svagt batteri", "Weak battery")


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def battery(**changes: Any) -> Battery:
    well = Battery(
        wants_health=True,
        tells_health=True,
        health=Sample(88, hours_ago(20)),
        charge=Sample(97, hours_ago(1)),
    )
    return replace(well, **changes)


def facts(**changes: Any) -> Facts:
    """A device that is ready."""
    well = Facts(
        stock_state="in_stock",
        can_report=True,
        last_seen=hours_ago(1),
        firmware="2.1",
        approved=("2.1", "2.0"),
        battery=battery(),
        open_faults=(),
        faults_out_of_view=False,
        clock_offset=timedelta(seconds=2),
        inspected_on=None,
        services=(Service(kind=CheckName.INSPECTION, every_days=365, done_on=date(2026, 3, 1), passed=True),),
        on_hold=False,
    )
    return replace(well, **changes)


def inspection(**changes: Any) -> tuple[Service, ...]:
    well = Service(kind=CheckName.INSPECTION, every_days=365, done_on=date(2026, 3, 1), passed=True)
    return (replace(well, **changes),)


def judged(**changes: Any) -> Readiness:
    return judge(facts(**changes), Limits(), NOW)


def test_a_device_of_which_all_is_known_and_well_is_ready() -> None:
    found = judged()
    assert found.verdict is Verdict.READY
    assert all(check.answer is Answer.OK for check in found.checks)
    assert found.reason.sv == "Klart att lämna ut."


CASES = [
    # what differs, check, answer, verdict
    ({"stock_state": "lost"}, CheckName.STOCK, Answer.NOT_OK, Verdict.NOT_READY),
    ({"on_hold": True}, CheckName.HOLD, Answer.NOT_OK, Verdict.NOT_READY),
    ({"on_hold": None}, CheckName.HOLD, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"can_report": False}, CheckName.CONTACT, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"last_seen": None}, CheckName.CONTACT, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"last_seen": hours_ago(24)}, CheckName.CONTACT, Answer.OK, Verdict.READY),
    ({"last_seen": hours_ago(24.1)}, CheckName.CONTACT, Answer.UNKNOWN, Verdict.UNKNOWN),
    # no fault is known, but nobody has heard whether there is one
    ({"last_seen": hours_ago(24.1)}, CheckName.FAULTS, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"can_report": False}, CheckName.FAULTS, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"open_faults": (FAULT,)}, CheckName.FAULTS, Answer.NOT_OK, Verdict.NOT_READY),
    ({"approved": ()}, CheckName.SOFTWARE, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"firmware": ""}, CheckName.SOFTWARE, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"firmware": "2.0"}, CheckName.SOFTWARE, Answer.OK, Verdict.READY),
    ({"firmware": "1.9"}, CheckName.SOFTWARE, Answer.NOT_OK, Verdict.NOT_READY),
    ({"battery": None}, CheckName.BATTERY, Answer.NOT_NEEDED, Verdict.READY),
    ({"battery": battery(charge=None)}, CheckName.BATTERY, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"battery": battery(charge=Sample(97, hours_ago(30)))}, CheckName.BATTERY, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"battery": battery(charge=Sample(49, hours_ago(1)))}, CheckName.BATTERY, Answer.NOT_OK, Verdict.NOT_READY),
    ({"battery": battery(health=None)}, CheckName.BATTERY, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"battery": battery(health=Sample(69.9, hours_ago(1)))}, CheckName.BATTERY, Answer.NOT_OK, Verdict.NOT_READY),
    ({"battery": battery(health=Sample(88, hours_ago(800)))}, CheckName.BATTERY, Answer.UNKNOWN, Verdict.UNKNOWN),
    # worse news first: a low health is told though the charge is unknown
    (
        {"battery": battery(charge=None, health=Sample(20, hours_ago(1)))},
        CheckName.BATTERY,
        Answer.NOT_OK,
        Verdict.NOT_READY,
    ),
    ({"battery": battery(tells_health=False, health=None)}, CheckName.BATTERY, Answer.UNKNOWN, Verdict.UNKNOWN),
    (
        {"battery": battery(tells_health=False, health=None), "inspected_on": date(2026, 10, 1)},
        CheckName.BATTERY,
        Answer.OK,
        Verdict.READY,
    ),
    (
        {"battery": battery(tells_health=False, health=None), "inspected_on": date(2026, 8, 1)},
        CheckName.BATTERY,
        Answer.UNKNOWN,
        Verdict.UNKNOWN,
    ),
    ({"battery": battery(wants_health=False, health=None)}, CheckName.BATTERY, Answer.OK, Verdict.READY),
    ({"clock_offset": None}, CheckName.CLOCK, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"clock_offset": timedelta(minutes=-6)}, CheckName.CLOCK, Answer.NOT_OK, Verdict.NOT_READY),
    ({"clock_offset": timedelta(minutes=5)}, CheckName.CLOCK, Answer.OK, Verdict.READY),
    ({"services": ()}, CheckName.SCHEDULE, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"services": inspection(every_days=None)}, CheckName.INSPECTION, Answer.NOT_NEEDED, Verdict.READY),
    ({"services": inspection(done_on=None)}, CheckName.INSPECTION, Answer.UNKNOWN, Verdict.UNKNOWN),
    ({"services": inspection(passed=False)}, CheckName.INSPECTION, Answer.NOT_OK, Verdict.NOT_READY),
    ({"services": inspection(done_on=date(2025, 11, 24))}, CheckName.INSPECTION, Answer.OK, Verdict.READY),
    ({"services": inspection(done_on=date(2025, 11, 23))}, CheckName.INSPECTION, Answer.NOT_OK, Verdict.NOT_READY),
]


@pytest.mark.parametrize(("changes", "name", "answer", "verdict"), CASES)
def test_each_check_decides(changes: dict[str, Any], name: CheckName, answer: Answer, verdict: Verdict) -> None:
    found = judged(**changes)
    check = next(check for check in found.checks if check.name is name)
    assert check.answer is answer, check.reason
    assert found.verdict is verdict


def test_what_is_wrong_outweighs_what_is_unknown_and_both_are_named() -> None:
    found = judged(on_hold=True, clock_offset=None)
    assert found.verdict is Verdict.NOT_READY
    assert found.reason.sv == "Inte klart: avvikelsespärr. Okänt: klocka."


def test_only_what_the_class_declares_is_staged_and_each_once() -> None:
    checks = judged(last_seen=None, clock_offset=None, firmware="1.0").checks
    assert commands_to_stage(checks, ["read_faults", "sync_clock", "stage_update", "read_live"]) == (
        "stage_update",
        "read_faults",
        "sync_clock",
    )
    assert commands_to_stage(checks, ["read_faults"]) == ("read_faults",)
    assert commands_to_stage(judged().checks, ["read_faults", "sync_clock"]) == ()


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        judge(facts(), Limits(), NOW.replace(tzinfo=None))


SAMPLES = st.none() | st.builds(Sample, st.floats(0, 100), st.sampled_from([hours_ago(h) for h in (0, 23, 25, 2000)]))
ANY_FACTS = st.builds(
    Facts,
    stock_state=st.sampled_from(["in_stock", "on_loan", "lost", "scrapped"]),
    can_report=st.booleans(),
    last_seen=st.none() | st.sampled_from([hours_ago(h) for h in (0, 23, 25)]),
    firmware=st.sampled_from(["", "1", "2"]),
    approved=st.sampled_from([(), ("2",), ("2", "1")]),
    battery=st.none()
    | st.builds(Battery, wants_health=st.booleans(), tells_health=st.booleans(), health=SAMPLES, charge=SAMPLES),
    open_faults=st.sampled_from([(), (FAULT,), (FAULT,) * 5]),
    faults_out_of_view=st.booleans(),
    clock_offset=st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=1)),
    inspected_on=st.none() | st.dates(date(2025, 1, 1), date(2026, 11, 24)),
    services=st.lists(
        st.builds(
            Service,
            kind=st.sampled_from([CheckName.INSPECTION, CheckName.CALIBRATION]),
            every_days=st.none() | st.integers(1, 400),
            done_on=st.none() | st.dates(date(2025, 1, 1), date(2026, 11, 24)),
            passed=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    on_hold=st.none() | st.booleans(),
)


@given(ANY_FACTS)
def test_ready_only_when_every_check_is_well_and_the_rest_says_how_to_find_out(known: Facts) -> None:
    found = judge(known, Limits(), NOW)
    well = all(check.answer in {Answer.OK, Answer.NOT_NEEDED} for check in found.checks)
    assert (found.verdict is Verdict.READY) == well
    for check in found.checks:
        assert (check.find_out is not None) == (check.answer in {Answer.NOT_OK, Answer.UNKNOWN})


@given(ANY_FACTS)
def test_nothing_heard_is_never_ready(known: Facts) -> None:
    assert judge(replace(known, last_seen=None), Limits(), NOW).verdict is not Verdict.READY
