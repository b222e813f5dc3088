"""Rows of lists: what they say, or why not; whatever stands in them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.absences import AbsenceKind, Away
from fleet.list_rows import NEEDED, TITLES, AbsenceRow, FactsRow, ListKind, RepairRow, read_list_row
from fleet.recall import Refusal

TODAY = date(2026, 11, 28)
CELLS = st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.dates()


def test_a_row_becomes_what_it_says() -> None:
    away: dict[str, Any] = {
        "individual_number": 1234567,
        "kind": "Växelvård",
        "from_day": date(2026, 11, 1),
        "until_day": "2026-11-09",
    }
    assert read_list_row(ListKind.ABSENCES, away, TODAY) == AbsenceRow(
        individual_number="1234567", away=Away(AbsenceKind.RESPITE, date(2026, 11, 1), date(2026, 11, 9))
    )
    repair: dict[str, Any] = {
        "individual_number": "7",
        "reference": 4711,
        "done_on": "2026-11-02",
        "cost_sek": "1 250,5",
    }
    assert read_list_row(ListKind.REPAIRS, repair, TODAY) == RepairRow(
        individual_number="7", reference="4711", done_on=date(2026, 11, 2), cost_sek=Decimal("1250.50")
    )
    facts = read_list_row(ListKind.LOAN_FACTS, {"individual_number": "7", "prescribed_interval_days": 14}, TODAY)
    assert facts == FactsRow(individual_number="7", said={"prescribed_interval_days": 14})


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (ListKind.ABSENCES, {"kind": "resa", "from_day": "i går"}),
        (ListKind.ABSENCES, {"kind": "resa", "from_day": "2026-11-01", "until_day": "snart"}),
        (ListKind.ABSENCES, {"kind": "sjuk", "from_day": "2026-11-01"}),
        (ListKind.LOAN_FACTS, {"prescribed_interval_days": "ofta"}),
        (ListKind.LOAN_FACTS, {"borrower_key": "Anna Svensson"}),
        (ListKind.LOAN_FACTS, {"borrower_key": "191212121212"}),
        (ListKind.LOAN_FACTS, {"replaced_by": "8"}),
        (ListKind.REPAIRS, {"reference": "1", "done_on": "2027-01-01"}),
        (ListKind.REPAIRS, {"reference": "1", "done_on": "2026-01-01", "minutes_spent": "-1"}),
        (ListKind.REPAIRS, {"reference": "1", "done_on": "2026-01-01", "cost_sek": "NaN"}),
        (ListKind.REPAIRS, {"reference": "", "done_on": "2026-01-01"}),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_in_both_languages(kind: ListKind, cells: dict[str, Any]) -> None:
    refused = read_list_row(kind, {"individual_number": "7", **cells}, TODAY)
    assert isinstance(refused, Refusal)
    assert refused.reason.sv != refused.reason.en
    assert "191212" not in refused.reason.sv, "nothing of the person is said again"


def test_an_empty_row_says_nothing_and_one_without_a_number_is_refused() -> None:
    assert read_list_row(ListKind.PLACEMENTS, {"individual_number": "7", "store": None}, TODAY) is None
    assert isinstance(read_list_row(ListKind.PLACEMENTS, {"store": "a"}, TODAY), Refusal)


@given(st.data())
def test_no_cell_makes_it_fail(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(ListKind))
    cells = {name: data.draw(CELLS) for name in TITLES[kind]}
    row = read_list_row(kind, cells, TODAY)
    if isinstance(row, RepairRow):
        assert (row.minutes_spent or 0) >= 0
        assert (row.cost_sek or 0) >= 0
        assert row.done_on <= TODAY


def test_every_needed_field_has_a_title() -> None:
    assert all(set(NEEDED[kind]) <= TITLES[kind].keys() for kind in ListKind)
