"""The denominators of the idle list, pure: counts per verdict become figures that say of how many anything is known."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from diagnostics.idle.schemas import IdleSummary, VerdictCount
from diagnostics.schemas import BilingualText
from fleet.idle import PROVEN_UNUSED, Verdict

_UNKNOWN: Final = frozenset({Verdict.SILENT, Verdict.NEVER_CONNECTED, Verdict.CANNOT_REPORT})


def summarise(counts: Iterable[VerdictCount], today: date) -> IdleSummary:
    """The figures over every device in scope."""
    rows = sorted(counts, key=lambda row: (list(Verdict).index(row.verdict), row.step))
    every = _devices(rows, frozenset(Verdict))
    on_loan = every - _devices(rows, frozenset({Verdict.IN_STOCK}))
    can_report = on_loan - _devices(rows, frozenset({Verdict.CANNOT_REPORT}))
    unknown = _devices(rows, _UNKNOWN)
    reported, unused = on_loan - unknown, _devices(rows, PROVEN_UNUSED)
    rent = sum((row.rent_sek_per_month for row in rows if row.verdict in PROVEN_UNUSED), Decimal(0))
    return IdleSummary(
        today=today,
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
