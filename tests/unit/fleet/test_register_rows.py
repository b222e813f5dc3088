"""The register's rows: what they say, what they lead to, and why some cannot be used."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.recall import Refusal
from fleet.register_rows import ALWAYS_PERSONAL, TITLES, Deed, Known, Plan, Registered, RegisterRow, decide, read_row

TODAY = date(2026, 11, 28)
KNOWN = Known(
    models={"dispenser": frozenset({"roll-r2"}), "scale": frozenset({"uc352"})},
    payers=frozenset({"kommun-07", "region"}),
    depots=frozenset({"depa-1"}),
    prescribers={"rehab-07": ("kommun-07", "HSL")},
)
ROW: dict[str, Any] = {
    "individual_number": "0012345",
    "device_class": "Dispenser",
    "model": "roll-r2",
    "payer": "kommun-07",
    "legal_frame": "HSL",
    "prescriber": "rehab-07",
    "loan_started": TODAY - timedelta(days=5),
}


def read(**overrides: Any) -> RegisterRow:
    row = read_row({**ROW, **overrides}, KNOWN, TODAY)
    assert isinstance(row, RegisterRow)
    return row


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"individual_number": ""}, "Individnummer"),
        ({"device_class": "rollator"}, "kända: dispenser, scale"),
        ({"model": "uc352"}, "ingen sådan modell"),
        ({"depot": "depa-9"}, "Depån"),
        ({"basic_equipment": "kanske"}, "ja eller nej"),
        ({"device_class": "scale", "model": "uc352", "administration_service": "ja"}, "Bara läkemedelsautomater"),
        ({"administration_service": "ja", "basic_equipment": "ja"}, "alltid personligt förskriven"),
        ({"payer": "kommun-99"}, "Betalaren"),
        ({"legal_frame": "LSS"}, "Lagrummet"),
        ({"prescriber": "rehab-99"}, "Förskrivaren"),
        ({"loan_started": "i våras"}, "2026-11-28"),
        ({"loan_started": TODAY + timedelta(days=1)}, "inte börjat"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(overrides: dict[str, Any], sentence: str) -> None:
    refusal = read_row({**ROW, **overrides}, KNOWN, TODAY)
    assert isinstance(refusal, Refusal)
    assert sentence in refusal.reason.sv


def test_a_new_device_is_registered_and_lent_and_known_it_changes_nothing() -> None:
    row = read()
    plan = decide(row, None, KNOWN)
    assert isinstance(plan, Plan)
    assert plan.deeds == {Deed.REGISTER, Deed.LEND}
    again = decide(row, Registered(row=row), KNOWN)
    assert isinstance(again, Plan)
    assert again.deeds == {Deed.NOTHING}


def test_another_loan_than_the_open_one_is_never_taken_silently() -> None:
    other = read(payer="region", prescriber="")
    outcome = decide(other, Registered(row=read()), KNOWN)
    assert isinstance(outcome, Refusal)
    assert "retur" in outcome.reason.sv
    silent = decide(read(payer="", legal_frame="", prescriber="", loan_started=None), Registered(row=read()), KNOWN)
    assert isinstance(silent, Plan)
    assert silent.deeds == {Deed.NOTHING}, "a row without a loan says nothing about loans"


def test_a_loan_may_not_begin_before_an_earlier_one_ended() -> None:
    there = read(payer="", legal_frame="", prescriber="", loan_started=None)
    assert isinstance(decide(read(), Registered(row=there, earlier_loan_ended=TODAY), KNOWN), Refusal)
    assert isinstance(decide(read(), Registered(row=there, earlier_loan_ended=TODAY - timedelta(days=9)), KNOWN), Plan)


def test_a_payer_that_is_not_the_prescribers_is_remarked() -> None:
    plan = decide(read(payer="region"), None, KNOWN)
    assert isinstance(plan, Plan)
    assert plan.remark is not None
    assert "baskoden" in plan.remark.sv


@given(
    st.dictionaries(st.sampled_from(sorted(TITLES)), st.none() | st.text(max_size=50) | st.integers() | st.booleans())
)
def test_no_row_breaks_the_reader_and_the_rule_of_dispensers_holds(cells: dict[str, Any]) -> None:
    outcome = read_row({**ROW, **cells}, KNOWN, TODAY)
    if isinstance(outcome, RegisterRow):
        assert not (outcome.basic_equipment and outcome.administration_service)
    else:
        assert outcome.reason.sv


def test_the_rule_says_itself() -> None:
    assert "alltid personligt" in ALWAYS_PERSONAL.reason.sv
