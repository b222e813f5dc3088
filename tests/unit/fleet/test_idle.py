"""The idle verdict: a table of cases, and the properties that protect a borrower from a wrong proposal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import local_day
from fleet.idle import PROVEN_UNUSED, Evidence, Step, Verdict, cost_sek, cutoffs, days_outside, judge, step_after
from fleet.usage import IdlePolicy

TODAY = date(2026, 6, 15)
INDOOR = IdlePolicy(name="indoor", note_days=7, contact_days=14, propose_days=30)
OUTDOOR = IdlePolicy(
    name="outdoor",
    note_days=21,
    contact_days=42,
    propose_days=60,
    quiet_months=frozenset({11, 12, 1, 2, 3}),
    quiet_propose_days=120,
)


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days_ago(days: int) -> datetime:
    return at_noon(TODAY - timedelta(days=days))


def evidence(
    *,
    loan: int | None = 200,
    used: int | None = 1,
    seen: int | None = 0,
    first: int | None = 200,
    can_report: bool = True,
) -> Evidence:
    return Evidence(
        loan_started=None if loan is None else days_ago(loan),
        can_report=can_report,
        first_seen=None if first is None else days_ago(first),
        last_seen=None if seen is None else days_ago(seen),
        last_used_day=None if used is None else TODAY - timedelta(days=used),
    )


CASES = [
    # what is known, verdict, step, days
    (evidence(loan=None), Verdict.IN_STOCK, Step.NONE, None),
    (evidence(can_report=False), Verdict.CANNOT_REPORT, Step.NONE, 200),
    (evidence(seen=None, first=None), Verdict.NEVER_CONNECTED, Step.NONE, 200),
    # heard only while the previous borrower had it
    (evidence(loan=10, seen=11), Verdict.NEVER_CONNECTED, Step.NONE, 10),
    (evidence(seen=4, used=90), Verdict.SILENT, Step.NONE, 4),
    (evidence(seen=3, used=90), Verdict.UNUSED, Step.PROPOSE, 87),
    (evidence(used=6), Verdict.USED, Step.NONE, 6),
    (evidence(used=7), Verdict.UNUSED, Step.NOTE, 7),
    (evidence(used=13), Verdict.UNUSED, Step.NOTE, 13),
    (evidence(used=14), Verdict.UNUSED, Step.CONTACT, 14),
    (evidence(used=29), Verdict.UNUSED, Step.CONTACT, 29),
    (evidence(used=30), Verdict.UNUSED, Step.PROPOSE, 30),
    # 30 days since use, but data only for 28 of them
    (evidence(used=30, seen=2), Verdict.UNUSED, Step.CONTACT, 28),
    (evidence(loan=29, used=20), Verdict.TOO_EARLY, Step.NONE, 20),
    (evidence(loan=29, used=2), Verdict.USED, Step.NONE, 2),
    (evidence(loan=30, used=20), Verdict.UNUSED, Step.CONTACT, 20),
    (evidence(loan=20, used=None), Verdict.TOO_EARLY, Step.NONE, 20),
    (evidence(loan=60, used=None), Verdict.NEVER_STARTED, Step.PROPOSE, 60),
    # the previous borrower's use is no use of this loan's
    (evidence(loan=60, used=61), Verdict.NEVER_STARTED, Step.PROPOSE, 60),
    # on loan for long, connected for two days: nothing is proven yet
    (evidence(loan=60, used=None, first=2), Verdict.TOO_EARLY, Step.NONE, 2),
]


@pytest.mark.parametrize(("known", "verdict", "step", "days"), CASES)
def test_verdict_and_step(known: Evidence, verdict: Verdict, step: Step, days: int | None) -> None:
    found = judge(known, INDOOR, TODAY)
    assert (found.verdict, found.step, found.days) == (verdict, step, days)
    assert "{" not in found.reason.sv + found.reason.en + found.would_change.sv + found.would_change.en


@pytest.mark.parametrize(
    ("used", "today", "step"),
    [
        (date(2026, 1, 15), date(2026, 4, 1), Step.NONE),  # 76 days, one of them counted
        (date(2026, 1, 15), date(2026, 4, 21), Step.NOTE),
        (date(2026, 1, 15), date(2026, 5, 15), Step.PROPOSE),  # 120 days in all
        (date(2025, 11, 1), date(2026, 2, 28), Step.NONE),  # 119 days of winter
        (date(2025, 11, 1), date(2026, 3, 1), Step.PROPOSE),  # 120
        (date(2026, 5, 1), date(2026, 6, 30), Step.PROPOSE),  # 60 days of summer
        (date(2026, 5, 1), date(2026, 6, 29), Step.CONTACT),
    ],
)
def test_winter_is_quiet_for_an_outdoor_chair(used: date, today: date, step: Step) -> None:
    assert step_after(used, today, OUTDOOR) is step


def test_reason_carries_the_numbers() -> None:
    found = judge(evidence(used=30), INDOOR, TODAY)
    assert "2026-05-16" in found.reason.sv
    assert "30 dagar" in found.reason.sv
    assert "7/14/30" in found.reason.en


def test_days_are_swedish_days() -> None:
    # 22:30 UTC on 11 June is 00:30 on the 12th in Stockholm: three days before the 15th, so not silent yet.
    seen = datetime(2026, 6, 11, 22, 30, tzinfo=UTC)
    known = Evidence(
        loan_started=days_ago(200), can_report=True, first_seen=days_ago(200), last_seen=seen, last_used_day=None
    )
    assert judge(known, INDOOR, TODAY).verdict is Verdict.NEVER_STARTED


def test_cost_of_a_year_is_twelve_months() -> None:
    assert cost_sek(Decimal(125), 1461) == Decimal("6000.00")
    assert cost_sek(Decimal("125.00"), 0) == Decimal("0.00")


policies = st.builds(
    lambda note, more, still_more, quiet, extra, training, silent: IdlePolicy(
        name="drawn",
        note_days=note,
        contact_days=note + more,
        propose_days=note + more + still_more,
        quiet_months=quiet,
        quiet_propose_days=note + more + still_more + extra if quiet else None,
        training_days=training,
        silent_after_days=silent,
    ),
    st.integers(1, 30),
    st.integers(0, 30),
    st.integers(0, 60),
    st.frozensets(st.integers(1, 12), max_size=6),
    st.integers(0, 120),
    st.integers(0, 60),
    st.integers(0, 10),
)
days = st.one_of(st.none(), st.integers(0, 400))
known_things = st.builds(
    lambda loan, used, seen, first, can: evidence(loan=loan, used=used, seen=seen, first=first, can_report=can),
    days,
    days,
    days,
    days,
    st.booleans(),
)
todays = st.just(TODAY)


@given(known_things, policies, todays)
def test_nothing_is_suggested_without_data_proving_unused(known: Evidence, policy: IdlePolicy, today: date) -> None:
    found = judge(known, policy, today)
    if found.step is Step.NONE:
        return
    assert found.verdict in PROVEN_UNUSED
    assert known.can_report
    assert known.loan_started is not None
    assert known.last_seen is not None
    heard = local_day(known.last_seen)
    assert known.last_seen >= known.loan_started
    assert today - heard <= timedelta(days=policy.silent_after_days)
    assert today - local_day(known.loan_started) >= timedelta(days=policy.training_days)
    # every counted day lies before the newest data and inside the loan
    assert found.since is not None
    assert found.since >= local_day(known.loan_started)
    assert heard - found.since >= timedelta(days=policy.note_days)
    if known.last_used_day is not None and known.last_used_day >= local_day(known.loan_started):
        assert heard - known.last_used_day >= timedelta(days=policy.note_days)


@given(known_things, policies, todays, st.integers(1, 400))
def test_silence_never_raises_the_step(known: Evidence, policy: IdlePolicy, today: date, longer: int) -> None:
    """The same device, heard from earlier, is never suggested for more."""
    if known.last_seen is None:
        return
    quieter = Evidence(
        loan_started=known.loan_started,
        can_report=known.can_report,
        first_seen=known.first_seen,
        last_seen=known.last_seen - timedelta(days=longer),
        last_used_day=known.last_used_day,
    )
    order = list(Step)
    assert order.index(judge(quieter, policy, today).step) <= order.index(judge(known, policy, today).step)


@given(policies, st.dates(date(2020, 1, 1), date(2027, 12, 31)), st.integers(0, 900))
def test_cutoff_dates_say_the_same_as_counted_days(policy: IdlePolicy, known_until: date, ago: int) -> None:
    last_used = known_until - timedelta(days=ago)
    limits = cutoffs(policy, known_until)
    step = step_after(last_used, known_until, policy)
    assert (last_used <= limits.propose) == (step is Step.PROPOSE)
    assert (last_used <= limits.contact) == (step in {Step.PROPOSE, Step.CONTACT})
    assert (last_used <= limits.note) == (step is not Step.NONE)
    assert (last_used <= limits.unused) == (ago >= policy.note_days)


@given(st.dates(date(2020, 1, 1), date(2027, 12, 31)), st.integers(0, 800))
def test_all_months_quiet_counts_nothing_and_none_counts_all(after: date, length: int) -> None:
    until = after + timedelta(days=length)
    assert days_outside(frozenset(range(1, 13)), after, until) == 0
    assert days_outside(frozenset(), after, until) == length
