"""The idle list as a file: every device with its reasons, and a sheet of denominators, no figure stands alone."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.devices.service import use_of
from diagnostics.idle import repository
from diagnostics.idle.schemas import IdleSummary, VerdictCount
from diagnostics.idle.summary import summarise
from diagnostics.lists.file import Format, Made
from diagnostics.queries import Row
from diagnostics.schemas import Word
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.idle import Opinion, Step, Verdict
from fleet.idle_words import STEP_WORDS
from fleet.plumbing.sheets import Cell, Column, Kind, Leaf

MOST_ROWS: Final = 100_000


class IdleListQuery(BaseModel):
    """Which devices the list has; all given filters must hold. Without `verdict`: what is proven unused."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Format, Field(description="Excel workbook, or CSV for a Swedish Excel")] = "xlsx"
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    verdict: Annotated[Verdict | None, Field(description="Exactly this verdict")] = None
    step: Annotated[Step | None, Field(description="Exactly this step of the class's policy")] = None
    opinion: Annotated[Opinion | None, Field(description="`disagrees`: where the statistics say otherwise")] = None
    progress: Annotated[bool, Field(description="Lines of JSON while it is made, the file in the last")] = False


COLUMNS: Final = (
    Column(field="individual_number", title="Individnummer", explanation="Numret på hjälpmedlet, som text."),
    Column(field="held", title="Avvikelsespärr", explanation="JA: hjälpmedlet ska lämnas orört.", width=16),
    Column(field="device_class", title="Hjälpmedelstyp", explanation="Typ av hjälpmedel."),
    Column(field="model", title="Modell", explanation="Tillverkare och modell.", width=28),
    Column(field="payer_name", title="Betalare", explanation="Den huvudman som betalar hyran."),
    Column(field="legal_frame", title="Lagrum", explanation="HSL eller SoL.", width=8),
    Column(field="verdict", title="Omdöme", explanation="Vad data säger om användningen. Tystnad är okänt.", width=20),
    Column(field="step", title="Förslag", explanation="Ett förslag till en människa, inget mer.", width=18),
    Column(field="since", title="Sedan", explanation="Dag från vilken omdömet gäller.", kind=Kind.DATE),
    Column(field="days", title="Dagar", explanation="Bevisade dagar utan användning.", kind=Kind.NUMBER, width=8),
    Column(field="last_used_day", title="Senast använd", explanation="Tomt: okänt eller aldrig.", kind=Kind.DATE),
    Column(field="last_heard_day", title="Senast hörd", explanation="Senaste dag med data.", kind=Kind.DATE),
    Column(field="reason", title="Skäl", explanation="Varför, i ord.", width=60),
    Column(field="would_change", title="Vad som ändrar det", explanation="Vad som skulle ändra omdömet.", width=50),
    Column(field="in_use", title="Sannolikt i bruk", explanation="Andra bedömning, 0 till 1. Tomt: inget att säga."),
    Column(field="opinion", title="Statistiken", explanation="Om den andra bedömningen går med regeln."),
    Column(field="rent_sek", title="Hyra kr/mån", explanation="Exklusive moms.", kind=Kind.MONEY),
    Column(field="cost_sek", title="Kostnad hittills", explanation="Hyra för de bevisade dagarna.", kind=Kind.MONEY),
)
_COUNTS: Final = (
    Column(field="what", title="Vad", explanation="", width=44),
    Column(field="devices", title="Hjälpmedel", explanation="", kind=Kind.NUMBER),
    Column(field="rent", title="Hyra kr/mån", explanation="", kind=Kind.MONEY),
)
_PAYERS: Final = (
    Column(field="name", title="Betalare", explanation="", width=28),
    *(
        Column(field=field, title=title, explanation="", kind=Kind.NUMBER)
        for field, title in (
            ("on_loan", "Utlånade"),
            ("can_report", "Kan rapportera"),
            ("reported", "Bedömda"),
            ("proven_unused", "Bevisat oanvända"),
            ("proposed", "Föreslås åter"),
        )
    ),
    Column(field="saving_sek", title="Besparing kr/mån", explanation="", kind=Kind.MONEY),
    Column(field="cost_sek", title="Kostnad hittills kr", explanation="", kind=Kind.MONEY),
)
VERDICT_WORDS: Final = {
    Verdict.USED: "används",
    Verdict.UNUSED: "oanvänt",
    Verdict.NEVER_STARTED: "aldrig taget i bruk",
    Verdict.REPLACED: "ersatt av ett annat",
    Verdict.TOO_EARLY: "för tidigt att säga",
    Verdict.ABSENT: "frånvaro registrerad",
    Verdict.SILENT: "okänt: tyst",
    Verdict.SOURCE_LOST: "okänt: källan har tystnat",
    Verdict.NEVER_CONNECTED: "okänt: aldrig anslutet",
    Verdict.CANNOT_REPORT: "okänt: kan inte rapportera",
    Verdict.IN_STOCK: "i lager",
    Verdict.NOT_JUDGED: "okänt: inte bedömt än",
}
_OPINIONS: Final = {Opinion.NONE: "", Opinion.AGREES: "håller med", Opinion.DISAGREES: "håller inte med"}


async def read_idle_list(work: Work, query: IdleListQuery) -> Made:
    """The list with its denominators, ready to be written."""
    today = local_day(work.now)
    filters = query.model_dump(exclude={"format", "verdict", "progress"})
    nowhere = {"after_since": None, "after_device": None}
    rows = await repository.idle(work, query.verdict, {**filters, **nowhere, "limit": MOST_ROWS})
    counts = await repository.counts(work, query.device_class, query.payer)
    run = await repository.latest_run(work)
    summary = summarise(map(_count, counts), today, None if run is None else run["judged_at"])
    payers = await repository.money(work, "payer")
    asked = query.model_dump(mode="json", exclude_none=True)
    await work.record("idle.export", devices=[row["device_no"] for row in rows], asked=asked)
    return Made(
        name=f"oanvanda-{today.isoformat()}",
        sheet="Oanvända",
        columns=COLUMNS,
        rows=_cells(rows, today),
        count=len(rows),
        format=query.format,
        notes=_notes(summary, asked, len(rows)),
        more=(
            Leaf("Nämnare", _COUNTS, _denominators(summary)),
            Leaf("Per betalare", _PAYERS, [[row[column.field] for column in _PAYERS] for row in payers]),
        ),
    )


def _cells(rows: list[Row], today: date) -> Iterator[list[Cell]]:
    for row in rows:
        use = use_of(row, today)
        said: dict[str, Any] = {
            **row,
            "held": "JA" if row["held"] else "nej",
            "model": f"{row['maker']} {row['model_name']}",
            "verdict": VERDICT_WORDS[use.verdict],
            "step": STEP_WORDS[use.step].sv,
            "since": use.since,
            "days": use.days,
            "reason": use.reason.sv,
            "would_change": use.would_change.sv,
            "in_use": "" if use.in_use is None else f"{use.in_use:.2f}".replace(".", ","),
            "opinion": _OPINIONS[use.opinion],
            "cost_sek": row["cost_sek"] if row["proven_unused"] else None,
        }
        yield [said.get(column.field) for column in COLUMNS]


def _denominators(summary: IdleSummary) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        ["Alla hjälpmedel", summary.devices, None],
        ["Utlånade", summary.on_loan, None],
        ["… som kan rapportera", summary.can_report, None],
        ["… som går att bedöma", summary.reported, None],
        ["… bevisat oanvända", summary.proven_unused, summary.rent_sek_per_month_proven_unused],
        ["Utlånade som vi inget vet om", summary.unknown, None],
        [None, None, None],
    ]
    for entry in summary.by_verdict:
        words = f"{VERDICT_WORDS[entry.verdict]} / {STEP_WORDS[entry.step].sv}"
        rows.append([words, entry.devices, entry.rent_sek_per_month])
    return rows


def _notes(summary: IdleSummary, asked: dict[str, Any], count: int) -> list[tuple[str, str]]:
    judged = "aldrig" if summary.judged_at is None else summary.judged_at.isoformat(timespec="minutes")
    filters = ", ".join(f"{name}={value}" for name, value in asked.items())
    return [
        ("Gjord", summary.today.isoformat()),
        ("Bedömt", judged),
        ("Urval", filters),
        ("Antal rader", str(count) if count < MOST_ROWS else f"{MOST_ROWS} (listan är avkortad)"),
        ("Vad det är en del av", summary.meaning.sv),
        ("Sekretess", "Listan innehåller inga namn eller personnummer. Skriv inga i den."),
    ]


def _count(row: Row) -> VerdictCount:
    return VerdictCount(
        verdict=row["verdict"], step=row["step"], devices=row["devices"], rent_sek_per_month=row["rent_sek"]
    )
