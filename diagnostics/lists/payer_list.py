"""The payer check as a file: loans whose payer or legal frame is not their prescriber's, to be put right one by one."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.lists.file import Format, Made
from diagnostics.payers import service as payers
from diagnostics.payers.schemas import Disagreement
from diagnostics.schemas import Word
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.plumbing.sheets import Cell, Column, Kind

MOST_ROWS: Final = 50_000


class PayerListQuery(BaseModel):
    """Which loans the list has."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Format, Field(description="Excel workbook, or CSV for a Swedish Excel")] = "xlsx"
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    progress: Annotated[bool, Field(description="Lines of JSON while it is made, the file in the last")] = False


COLUMNS: Final = (
    Column(field="individual_number", title="Individnummer", explanation="Numret på hjälpmedlet, som text."),
    Column(field="device_class", title="Hjälpmedelstyp", explanation="Typ av hjälpmedel."),
    Column(field="model", title="Modell", explanation="Tillverkare och modell.", width=28),
    Column(field="since", title="Uthyrt sedan", explanation="Uthyrningens första dag.", kind=Kind.DATE),
    Column(field="payer_code", title="Betalarkod", explanation="Den som betalar hyran i dag."),
    Column(field="payer", title="Betalare", explanation="Namnet på den som betalar."),
    Column(field="legal_frame", title="Lagrum", explanation="Uthyrningens: HSL eller SoL.", width=8),
    Column(field="prescriber", title="Förskrivande enhet", explanation="Enheten som förskrev.", width=28),
    Column(field="prescriber_payer_code", title="Enhetens betalarkod", explanation="Huvudmannen som enheten hör till."),
    Column(field="prescriber_payer", title="Enhetens betalare", explanation="Namnet på den huvudmannen."),
    Column(field="reason", title="Varför", explanation="Vad som inte går ihop, i ord.", width=60),
)


async def read_payer_list(work: Work, query: PayerListQuery) -> Made:
    """The list with its denominators, ready to be written; one line in the audit."""
    found = await payers.every_disagreement(work, query.device_class, MOST_ROWS)
    today = local_day(work.now).isoformat()
    count = len(found.items)
    return Made(
        name=f"betalarfel-{today}",
        sheet="Betalarfel",
        columns=COLUMNS,
        rows=_cells(found.items),
        count=count,
        format=query.format,
        notes=(
            ("Gjord", today),
            ("Urval", ", ".join(f"{name}={value}" for name, value in query.model_dump(exclude_none=True).items())),
            ("Antal rader", str(count) if count < MOST_ROWS else f"{count} (listan är avkortad)"),
            ("Av uthyrningar", f"{found.on_loan}, varav {found.with_prescriber} har en känd förskrivare och prövades"),
            ("Sekretess", "Listan innehåller inga namn eller personnummer. Skriv inga i den."),
        ),
    )


def _cells(found: list[Disagreement]) -> Iterator[list[Cell]]:
    for row in found:
        said: dict[str, Any] = {
            **row.model_dump(include={"individual_number", "device_class", "since", "legal_frame"}),
            "model": f"{row.maker} {row.model}",
            "payer_code": row.payer.code,
            "payer": row.payer.name,
            "prescriber": row.prescriber.unit,
            "prescriber_payer_code": row.prescriber_payer.code,
            "prescriber_payer": row.prescriber_payer.name,
            "reason": row.reason.sv,
        }
        yield [said[column.field] for column in COLUMNS]
