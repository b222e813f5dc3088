"""Work orders as files with the Swedish column words technicians know (ecosystem.md 10); nothing becomes a formula."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from diagnostics.orders import service
from diagnostics.orders.schemas import ExportQuery, FindingItem, OrderItem
from diagnostics.problems import Problem
from diagnostics.work import Work
from fleet.clock import STOCKHOLM
from fleet.dictionary import knowledge_of
from fleet.plumbing.sheets import Cell, Column, Kind, write_csv, write_workbook
from fleet.text import Text

MOST_ROWS: Final = 5000
_PRIORITIES: Final = {"on_call": "jour", "acute": "akut", "ordinary": "ordinarie"}
_STATES: Final = {
    "draft": "utkast",
    "placed": "beställd",
    "started": "påbörjad",
    "done": "klar",
    "cancelled": "avbruten",
}
_SOLVED: Final = {
    "remotely": "på distans",
    "visit": "besök",
    "exchanged": "utbytt",
    "no_fault_found": "inget fel funnet",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A file: its name, content and media type."""

    name: str
    content: bytes
    media_type: str


async def made(work: Work, query: ExportQuery) -> Made:
    """The file with every order that the filters let through.

    Raises:
        Problem: they are more than a file may hold.
    """
    rows = await service.rows_of(work, query, after_due=None, after_id=None, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise _too_many()
    orders = [_with_part_names(work, order) for order in await service.items_of(work, rows)]
    asked = query.model_dump(mode="json", exclude_none=True)
    await work.record("orders.export", devices=[row["device_no"] for row in rows], asked=asked)
    name = f"arbetsordrar-{work.now.astimezone(STOCKHOLM):%Y-%m-%d}.{query.shape}"
    return Made(name, _content(orders, query, work.now), _MEDIA[query.shape])


def _content(orders: Sequence[OrderItem], query: ExportQuery, now: datetime) -> bytes:
    if query.shape == "json":
        entries = [{column.field: _told(cell) for column, cell in zip(COLUMNS, row_of(o), strict=True)} for o in orders]
        return json.dumps({"arbetsordrar": entries}, ensure_ascii=False, indent=1).encode()
    out, rows = io.BytesIO(), (row_of(order) for order in orders)
    if query.shape == "csv":
        write_csv(out, COLUMNS, rows)
    else:
        notes = [
            ("Uttaget", _moment(now) or ""),
            ("Antal", str(len(orders))),
            ("Urval", json.dumps(query.model_dump(mode="json", exclude_none=True), ensure_ascii=False)),
        ]
        write_workbook(out, sheet="Arbetsordrar", columns=COLUMNS, rows=rows, notes=notes)
    return out.getvalue()


def _with_part_names(work: Work, order: OrderItem) -> OrderItem:
    """The order with its parts in Swedish, as far as the dictionary knows them."""
    profile = work.registry.by_name.get(order.device_class)
    if profile is None:
        return order
    titles = {key: part.title.sv for key, part in knowledge_of(profile).parts_by_key.items()}
    return order.model_copy(update={"parts": [titles.get(part, part) for part in order.parts]})


def row_of(order: OrderItem) -> list[Cell]:
    """An order's cells in the order of COLUMNS."""
    return [cell(order) for _, cell in _FIELDS]


def _column(field: str, explanation: str, kind: Kind = Kind.TEXT, width: int = 16) -> Column:
    return Column(field=field, title=field, explanation=explanation, kind=kind, width=width)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def _told(cell: Cell) -> object:
    return cell if cell is None or isinstance(cell, bool | int | float | str) else str(cell)


def _codes(findings: Sequence[FindingItem]) -> str:
    return ", ".join(dict.fromkeys(finding.fault_code or finding.title.sv for finding in findings))


def _yes(value: bool | None) -> str | None:  # noqa: FBT001 - a cell
    return None if value is None else ("ja" if value else "nej")


_FIELDS: Final[tuple[tuple[Column, Callable[[OrderItem], Cell]], ...]] = (
    (_column("arbetsorder", "Arbetsorderns nummer"), lambda o: str(o.order_id)),
    (_column("individnummer", "Numret som är märkt på hjälpmedlet, som text"), lambda o: o.individual_number),
    (_column("hjälpmedelstyp", "Hjälpmedelstyp"), lambda o: o.device_class),
    (_column("tillverkare", "Tillverkare"), lambda o: o.maker),
    (_column("modell", "Modell"), lambda o: o.model),
    (_column("serienummer", "Tillverkarens serienummer"), lambda o: o.serial_number),
    (_column("programversion", "Som hjälpmedlet själv sagt"), lambda o: o.firmware),
    (
        _column("prioritet", "jour 5 timmar, akut 8 arbetstimmar, ordinarie 3/10 dagar"),
        lambda o: _PRIORITIES[o.priority],
    ),
    (_column("avvikelsespärr", "JA: hjälpmedlet ska lämnas orört"), lambda o: "JA" if o.on_hold else "nej"),
    (_column("status", "Arbetsorderns läge"), lambda o: _STATES[o.state]),
    (_column("rubrik", "Vad det gäller", width=32), lambda o: o.title.sv),
    (_column("felkod", "Normaliserade felkoder; okända som hjälpmedlet skriver dem"), lambda o: _codes(o.findings)),
    (_column("beskrivning", "Fritext", width=40), lambda o: o.description),
    (_column("delar", "Att ta med"), lambda o: ", ".join(o.parts)),
    (_column("anmäld", "Svensk tid; härifrån räknas tiderna"), lambda o: _moment(o.reported_at)),
    (_column("påbörjas_senast", "Svensk tid"), lambda o: _moment(o.start_by)),
    (_column("klar_senast", "Svensk tid"), lambda o: _moment(o.done_by)),
    (_column("försenad", "Är eller blev klar efter utsatt tid"), lambda o: _yes(o.overdue)),
    (_column("tekniker", "Enhet eller inloggning"), lambda o: o.technician),
    (_column("depå", "Depå"), lambda o: o.depot),
    (_column("betalare", "Betalarens kod"), lambda o: o.payer.code if o.payer else None),
    (_column("lagrum", "HSL eller SoL"), lambda o: o.legal_frame),
    (_column("påbörjad", "Svensk tid"), lambda o: _moment(o.started_at)),
    (_column("avslutad", "Svensk tid"), lambda o: _moment(o.closed_at)),
    (_column("löst", "Hur det löstes"), lambda o: _SOLVED[o.outcome.solved] if o.outcome else None),
    (_column("orsak", "Funnen orsak"), lambda o: o.outcome.cause if o.outcome else None),
    (_column("använda_delar", "Använda delar"), lambda o: ", ".join(o.outcome.parts_used) if o.outcome else None),
    (_column("besök", "Antal besök", Kind.NUMBER), lambda o: o.outcome.visits if o.outcome else None),
    (
        _column("löst_vid_första_besöket", "Tomt: okänt eller inget besök"),
        lambda o: _yes(o.outcome.first_visit_fixed) if o.outcome else None,
    ),
    (
        _column("minuter", "All arbetstid, resa inräknad; tomt: okänt", Kind.NUMBER),
        lambda o: o.outcome.minutes_spent if o.outcome else None,
    ),
)
COLUMNS: Final = tuple(column for column, _ in _FIELDS)
_MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def _too_many() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "too_many_rows",
        Text("För många rader för en fil", "Too many rows for a file"),
        Text(
            f"Fler än {MOST_ROWS} arbetsordrar; begränsa urvalet, till exempel per betalare eller läge.",
            f"More than {MOST_ROWS} work orders; narrow the filters, for instance by payer or state.",
        ),
    )
