"""The monthly report of alarms, pure: the API's figures as Markdown and as rows of a list."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from fleet.clock import STOCKHOLM
from fleet.plumbing.sheets.writing import Cell, Column, Kind

COLUMNS: Final = (
    Column(field="payer", title="Betalare", explanation="Huvudmannens kod; tomt för hjälpmedel i förråd"),
    Column(field="area", title="Område", explanation="Lånets område; tomt där det inte har något"),
    Column(field="rule", title="Larmregel", explanation="Orsaken"),
    Column(field="alarms", title="Larm", explanation="Utlösta under månaden", kind=Kind.NUMBER),
    Column(field="late", title="Sena", explanation="Kända i efterhand; räknas, men mäts inte", kind=Kind.NUMBER),
    Column(field="sent", title="Skickade", explanation="Av larmen", kind=Kind.NUMBER),
    Column(
        field="with_receipt", title="Med kvitto", explanation="Skickade med en kanal som kvitterar", kind=Kind.NUMBER
    ),
    Column(field="delivered", title="Levererade", explanation="Av dem med kvitto", kind=Kind.NUMBER),
    Column(field="taken", title="Tagna", explanation="Av larmen", kind=Kind.NUMBER),
    Column(field="to_sent", title="Till skickat p95 (s)", explanation="Från händelsen", kind=Kind.NUMBER),
    Column(field="to_delivered", title="Till levererat p95 (s)", explanation="Från händelsen", kind=Kind.NUMBER),
    Column(field="to_taken", title="Till taget p95 (s)", explanation="Från händelsen", kind=Kind.NUMBER),
    Column(field="judged_true", title="Sanna", explanation="Bedömda av människor", kind=Kind.NUMBER),
    Column(field="judged_false", title="Falska", explanation="Bedömda av människor", kind=Kind.NUMBER),
    Column(field="judged_expected", title="Väntade", explanation="Bedömda av människor", kind=Kind.NUMBER),
    Column(field="precision", title="Precision", explanation="Sanna av sanna och falska", kind=Kind.NUMBER),
)


def month_of(text: str) -> tuple[datetime, datetime]:
    """The first moment of a Swedish month "2026-11", and of the next.

    Raises:
        ValueError: it is no month.
    """
    first = date.fromisoformat(f"{text}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    begins, ends = (datetime.combine(day, time(0), STOCKHOLM).astimezone(UTC) for day in (first, after))
    return begins, ends


def list_rows(figures: Mapping[str, Any]) -> list[list[Cell]]:
    """A row of cells per payer, area and rule, in the order of COLUMNS."""
    return [[_cell(row[column.field]) for column in COLUMNS] for row in figures["rows"]]


def written(figures: Mapping[str, Any], month: str) -> str:
    """The report as Markdown, in Swedish."""
    total = figures["overall"]
    lines = [
        f"# Larm {month}",
        "",
        _summary(total),
        "",
        *_table(
            ["från händelsen till", "p50 (s)", "p95 (s)", "p99 (s)", "av"],
            (
                [word, *(_number(total[name][p]) for p in ("p50", "p95", "p99")), str(count)]
                for word, name, count in (
                    ("första utskick", "to_sent", total["sent"]),
                    ("leverans", "to_delivered", total["delivered"]),
                    ("taget", "to_taken", total["taken"]),
                )
            ),
        ),
        "",
        "## Var i larmstegen larm togs",
        "",
        *_table(
            ["steg", "tagna", "andel"],
            ([str(s["step"] + 1), str(s["taken"]), _of(s["taken"], s["of"])] for s in figures["steps"]),
        ),
        "",
        "## Per betalare, område och orsak",
        "",
        *_table([column.title for column in COLUMNS], ([_shown(cell) for cell in row] for row in list_rows(figures))),
        "",
    ]
    return "\n".join(lines)


def _summary(total: Mapping[str, Any]) -> str:
    return (
        f"{total['alarms']} larm, varav {total['late']} kända i efterhand."
        f" Skickade: {_of(total['sent'], total['alarms'])}."
        f" Levererade enligt kvitto: {_of(total['delivered'], total['with_receipt'])}."
        f" Tagna av någon: {_of(total['taken'], total['alarms'])}."
    )


def _cell(value: Any) -> Cell:  # noqa: ANN401 - a figure of the API
    cell: Cell = value["p95"] if isinstance(value, dict) else value
    return cell


def _shown(cell: Cell) -> str:
    return _number(cell) if isinstance(cell, float | None) else str(cell).replace("|", "/")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}".replace(".", ",")


def _of(part: int, whole: int) -> str:
    share = f" ({part / whole:.1%})".replace(".", ",").replace("%", " %") if whole else ""
    return f"{part} av {whole}{share}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
