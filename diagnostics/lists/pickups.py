"""The pick-up list (hämtlista): what is ordered and not fetched yet, the most pressing first."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.lists.columns import Layout
from diagnostics.lists.file import Format, Made
from diagnostics.queries import Row
from diagnostics.recall import repository as recalls
from diagnostics.schemas import Word
from diagnostics.work import Work
from fleet.calendar import WorkCalendar
from fleet.clock import local_day
from fleet.plumbing.sheets import Cell
from fleet.recall import State

_MOST: Final = 50_000
_CALENDAR: Final = WorkCalendar()


class PickUpQuery(BaseModel):
    """Which orders the list has; all given filters must hold."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Format, Field(description="Excel workbook, or CSV for a Swedish Excel")] = "xlsx"
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    prescriber: Annotated[Word | None, Field(description="Code of the prescriber unit")] = None
    overdue: Annotated[bool, Field(description="Only those that should have been fetched")] = False


async def read_pick_ups(work: Work, query: PickUpQuery, layout: Layout) -> Made:
    """The list, ready to be written."""
    today = local_day(work.now)
    filters = query.model_dump(exclude={"format"})
    rows = await recalls.cases(work, today, **filters, states=[State.PICK_UP_ORDERED], limit=_MOST)
    rows.sort(key=lambda row: (row["pick_up_by"], row["case_id"]))
    late = sum(row["pick_up_by"] < today for row in rows)
    await work.record("recalls.pick_ups", devices=sorted(row["device_no"] for row in rows))
    return Made(
        name=f"hamtlista-{today.isoformat()}",
        sheet=layout.pickup_sheet,
        columns=layout.pickup,
        rows=_cells(rows, layout, today),
        count=len(rows),
        format=query.format,
        notes=(
            ("Gjord", today.isoformat()),
            ("Urval", ", ".join(f"{name}={value}" for name, value in query.model_dump(exclude_none=True).items())),
            ("Antal rader", f"{len(rows)}, varav {late} borde ha hämtats"),
            ("Sekretess", "Listan innehåller inga namn, adresser eller personnummer. Skriv inga i den."),
        ),
    )


def _cells(rows: list[Row], layout: Layout, today: date) -> Iterator[list[Cell]]:
    for row in rows:
        said: dict[str, Any] = {
            **row,
            "case_id": str(row["case_id"]),
            "model": f"{row['maker']} {row['model_name']}",
            "payer": row["payer_name"],
            "prescriber": row["prescriber_unit"],
            "days_left": _CALENDAR.working_days_between(today, row["pick_up_by"]),
            "held": {True: "JA", False: "nej"}.get(row["held"], "okänt"),
            "overdue": "ja" if row["pick_up_by"] < today else "nej",
        }
        yield [said.get(column.field) for column in layout.pickup]
