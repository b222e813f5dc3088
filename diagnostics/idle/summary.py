"""The denominators of the idle list, pure: counts per verdict become figures that say of how many anything is known."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from diagnostics.idle.schemas import IdleSummary, VerdictCount
from diagnostics.schemas import BilingualText
from fleet.idle import PROVEN_UNUSED, UNKNOWN, Verdict


def summarise(counts: Iterable[VerdictCount], today: date, judged_at: datetime | None) -> IdleSummary:
    """The figures over every device in scope."""
    rows = sorted(counts, key=lambda row: (list(Verdict).index(row.verdict), row.step))
    every = _devices(rows, frozenset(Verdict))
    on_loan = every - _devices(rows, frozenset({Verdict.IN_STOCK}))
    can_report = on_loan - _devices(rows, frozenset({Verdict.CANNOT_REPORT}))
    unknown = _devices(rows, UNKNOWN)
    reported, unused = on_loan - unknown, _devices(rows, PROVEN_UNUSED)
    rent = sum((row.rent_sek_per_month for row in rows if row.verdict in PROVEN_UNUSED), Decimal(0))
    return IdleSummary(
        today=today,
        judged_at=judged_at,
        devices=every,
        on_loan=on_loan,
        can_report=can_report,
        reported=reported,
        proven_unused=unused,
        unknown=unknown,
        rent_sek_per_month_proven_unused=rent,
        by_verdict=rows,
        meaning=BilingualText(
            sv=f"{unused} av {reported} hjälpmedel med data är oanvända; om {unknown} av {on_loan} uthyrda vet vi"
            " inget.",
            en=f"{unused} of {reported} devices with data are unused; of {unknown} of the {on_loan} on loan nothing is"
            " known.",
        ),
    )


def _devices(rows: Iterable[VerdictCount], verdicts: frozenset[Verdict]) -> int:
    return sum(row.devices for row in rows if row.verdict in verdicts)
