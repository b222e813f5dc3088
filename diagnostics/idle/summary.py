"""The denominators of the idle list, pure: counts per verdict become figures that say of how many anything is known."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from diagnostics.idle.schemas import IdleSummary, VerdictCount
from diagnostics.schemas import BilingualText
from fleet.idle import PROVEN_UNUSED, UNKNOWN, Verdict
from fleet.idle_words import NOT_YET_JUDGED, said_of_all


def summarise(counts: Iterable[VerdictCount], today: date, judged_at: datetime | None) -> IdleSummary:
    """The figures over every device in scope; none before the first run, since a nought would read as all well."""
    rows = sorted(counts, key=lambda row: (list(Verdict).index(row.verdict), row.step))
    if judged_at is None:
        return IdleSummary(today=today, judged_at=None, by_verdict=[], meaning=BilingualText.of(NOT_YET_JUDGED))
    every = _devices(rows, frozenset(Verdict))
    on_loan = every - _devices(rows, frozenset({Verdict.IN_STOCK}))
    unknown = _devices(rows, UNKNOWN)
    reported, unused = on_loan - unknown, _devices(rows, PROVEN_UNUSED)
    return IdleSummary(
        today=today,
        judged_at=judged_at,
        devices=every,
        on_loan=on_loan,
        can_report=on_loan - _devices(rows, frozenset({Verdict.CANNOT_REPORT})),
        reported=reported,
        proven_unused=unused,
        unknown=unknown,
        rent_sek_per_month_proven_unused=sum(
            (row.rent_sek_per_month for row in rows if row.verdict in PROVEN_UNUSED), Decimal(0)
        ),
        by_verdict=rows,
        meaning=BilingualText.of(said_of_all(on_loan=on_loan, reported=reported, unused=unused, unknown=unknown)),
    )


def _devices(rows: Iterable[VerdictCount], verdicts: frozenset[Verdict]) -> int:
    return sum(row.devices for row in rows if row.verdict in verdicts)
