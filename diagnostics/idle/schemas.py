"""What is asked and answered about devices that are not used."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from diagnostics.devices.schemas import PayerItem, Use
from diagnostics.idle import examples
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, BilingualText, Held, Moment, Word, shown
from fleet.idle import Opinion, Step, Verdict

Money = Annotated[Decimal, Field(description="SEK, excluding VAT", max_digits=14, decimal_places=2)]


class IdleQuery(PageQuery):
    """Filters of the idle list; without `verdict` it shows what is proven unused."""

    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    verdict: Annotated[Verdict | None, Field(description="Exactly this verdict")] = None
    step: Annotated[Step | None, Field(description="Exactly this step of the class's policy")] = None
    opinion: Annotated[Opinion | None, Field(description="`disagrees`: where the statistics say otherwise")] = None


class IdleItem(Answer):
    """One device and what its rent has cost since it was last used."""

    device_id: str
    individual_number: str
    device_class: str
    held: Held
    maker: str
    model: str
    payer: PayerItem | None
    legal_frame: str | None
    last_seen: Moment | None
    last_used: date | None
    use: Use
    recent_days: Annotated[
        str | None,
        Field(
            description="A letter per day up to the verdict's, newest last: U used, n heard and not used, ? not heard,"
            " a away, D this and the person's other device used, - before the loan"
        ),
    ]
    other_device: Annotated[str | None, Field(description="Individual number of the person's other device")]
    rent_sek_per_month: Money | None
    cost_sek_so_far: Annotated[
        Money | None, Field(description="Rent of the days proven unused; null where nothing is proven")
    ]


class VerdictCount(Answer):
    """How many devices have a verdict and step, and their rent."""

    verdict: Verdict
    step: Step
    devices: int
    rent_sek_per_month: Money


class IdleSummary(Answer):
    """The denominators of the list, for the same class and payer. Unknown is never counted as unused.

    Before the first run of verdicts no figure is known: each is null, not 0, and `meaning` says so.
    """

    today: Annotated[date, Field(description="The Swedish day of the verdicts")]
    judged_at: Annotated[Moment | None, Field(description="When the verdicts were made last; null: never yet")]
    devices: Annotated[int | None, Field(description="All devices in scope")] = None
    on_loan: int | None = None
    can_report: Annotated[int | None, Field(description="Of those on loan")] = None
    reported: Annotated[int | None, Field(description="Of those: heard lately enough for a verdict")] = None
    proven_unused: int | None = None
    unknown: Annotated[int | None, Field(description="On loan, and nothing known about use")] = None
    rent_sek_per_month_proven_unused: Money | None = None
    by_verdict: list[VerdictCount]
    meaning: BilingualText


Grouping = Literal["payer", "municipality", "class", "prescriber", "depot"]


class MoneyQuery(BaseModel):
    """By what money is told."""

    by: Annotated[Literal["payer", "municipality", "class", "prescriber", "depot"], Field(description="Group")] = (
        "payer"
    )
    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many groups, the largest saving first")] = 1000


class MoneyRow(Answer):
    """What proven non-use costs one group, of how many devices, of which how many can report."""

    name: Annotated[str, Field(description="Empty where the register has none")]
    on_loan: int
    can_report: int
    reported: Annotated[int, Field(description="Of those that can report: heard lately enough for a verdict")]
    proven_unused: int
    proposed: Annotated[int, Field(description="Of those proven unused: return is proposed")]
    rent_sek_per_month: Annotated[Money, Field(description="Of all on loan")]
    cost_sek_so_far: Annotated[Money, Field(description="Rent of the days proven unused, at the prices of those days")]
    saving_sek_per_month: Annotated[Money, Field(description="Rent of those proposed")]
    saving_sek_per_year: Money


class MoneyAnswer(Answer):
    """Money by group; every figure beside its denominators."""

    model_config = shown(examples.MONEY)

    judged_at: Annotated[Moment | None, Field(description="When the verdicts were made; null: never yet")]
    by: str
    groups: Annotated[
        int | None, Field(description="How many there are; `items` may be the first of them. Null before the first run")
    ]
    items: list[MoneyRow]
    total: Annotated[MoneyRow | None, Field(description="Of every group; null before the first run of verdicts")]
    meaning: BilingualText


class IdlePage(Answer):
    """One page of the idle list with its denominators."""

    model_config = shown(examples.IDLE)

    items: list[IdleItem]
    next_cursor: str | None
    summary: IdleSummary
