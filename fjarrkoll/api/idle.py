"""`fjarrkoll idle`: devices proven unused, with reason, cost and denominators."""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import psycopg
import typer

from diagnostics.idle.run import refresh as make_verdicts
from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    number,
    print_json,
    print_line,
    print_table,
)
from fjarrkoll.api.output import money as money_text
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry
from fleet.text import Text

app: Final = typer.Typer(
    help="Devices that are not used: list them, sum their cost, make the verdicts anew.", invoke_without_command=True
)

_RENT_OF_UNUSED: Final = Text("Hyra för oanvända", "Rent of the unused")


@app.callback(invoke_without_command=True)
def idle(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    verdict: Annotated[str | None, typer.Option(help="Another verdict, such as silent or never_connected")] = None,
    step: Annotated[str | None, typer.Option(help="note, contact or propose")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """List devices that the data proves unused, the longest first. Example: fjarrkoll idle --step propose.

    A silent device is not among them: nothing is known about its use.
    """
    if context.invoked_subcommand is not None:
        return
    with open_client(language) as client:
        answer = client.list("idle", limit, class_=device_class, payer=payer, verdict=verdict, step=step)
    if as_json:
        print_json(answer)
        return
    titles = (
        words.NUMBER,
        words.MODEL,
        words.PAYER,
        words.LAST_SEEN,
        words.LAST_USED,
        words.DAYS,
        words.STEP,
        words.RENT,
    )
    columns = [title.to(language) for title in (*titles, words.COST, words.REASON)]
    print_table("", columns, [_row(item, language) for item in answer["items"]])
    summary = answer["summary"]
    print_line(either(summary["meaning"], language))
    if summary["judged_at"] is None:
        return
    rent = money_text(summary["rent_sek_per_month_proven_unused"], language)
    print_line(f"{_RENT_OF_UNUSED.to(language)}: {rent} / {Text('mån', 'month').to(language)}")


@app.command()
def show(
    device_id: Annotated[str, typer.Argument(help="The device's id")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show one device's verdict with its reasons. Example: fjarrkoll idle show DEVICE_ID."""
    with open_client(language) as client:
        use = client.get(f"devices/{device_id}")["use"]
    if as_json:
        print_json(use)
        return
    print_line(f"{words.word(words.STEPS, use['step'], language)}. {either(use['reason'], language)}")
    print_line(f"{_WOULD_CHANGE.to(language)}: {either(use['would_change'], language)}")


@app.command()
def money(
    *,
    by: Annotated[str, typer.Option(help="payer, municipality, class, prescriber or depot")] = "payer",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Sum what unused devices cost, beside the denominators. Example: fjarrkoll idle money --by class."""
    with open_client(language) as client:
        answer = client.get("idle/money", by=by)
    if as_json:
        print_json(answer)
        return
    columns = [title.to(language) for title in _MONEY]
    total = [] if answer["total"] is None else [{**answer["total"], "name": _TOTAL.to(language)}]
    print_table("", columns, [_money_row(row, language) for row in [*answer["items"], *total]])
    if (answer["groups"] or 0) > len(answer["items"]):
        print_line(_FIRST.to(language).format(shown=len(answer["items"]), groups=answer["groups"]))
    print_line(either(answer["meaning"], language))


@app.command()
def refresh(
    *,
    learn: Annotated[bool, typer.Option("--learn", help="Judge all, and learn the fleet's rhythm anew.")] = False,
    every: Annotated[bool, typer.Option("--every", help="Judge all, not only those with something new.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring every verdict up to date now, over the database, as the worker does. Example: fjarrkoll idle refresh."""
    with psycopg.connect(load_settings().need("worker_database_url")) as connection:
        ran = make_verdicts(connection, load_registry(), datetime.now(UTC), learn=learn, every=every)
    if as_json:
        typer.echo(json.dumps(ran.to_json(), default=str))
        return
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ran.seconds.items())
    print_line(f"{ran.judged} of {ran.devices} devices judged, {ran.written} verdicts changed ({took}).")


_WOULD_CHANGE: Final = Text("Vad som skulle ändra det", "What would change it")
_TOTAL: Final = Text("Alla", "All")
_FIRST: Final = Text(
    "{shown} av {groups} grupper visas; raden Alla är av dem alla.",
    "{shown} of {groups} groups are shown; the line All is of every one.",
)
_MONEY: Final = (
    Text("Grupp", "Group"),
    Text("Utlånade", "On loan"),
    Text("Kan rapportera", "Can report"),
    Text("Bedömda", "Judged"),
    Text("Bevisat oanvända", "Proven unused"),
    Text("Föreslås åter", "Proposed"),
    words.COST,
    Text("Besparing/mån", "Saving/month"),
    Text("Besparing/år", "Saving/year"),
)


def _money_row(row: Json, language: str) -> list[str]:
    counts = [row[name] for name in ("on_loan", "can_report", "reported", "proven_unused", "proposed")]
    sums = [row[name] for name in ("cost_sek_so_far", "saving_sek_per_month", "saving_sek_per_year")]
    return [
        row["name"] or words.UNKNOWN.to(language),
        *(number(count, language) for count in counts),
        *(money_text(sek, language) for sek in sums),
    ]


def _row(item: Json, language: str) -> list[str]:
    use = item["use"]
    return [
        words.number_of(item),
        f"{item['maker']} {item['model']}",
        item["payer"]["code"] if item["payer"] else "–",
        words.NEVER.to(language) if item["last_seen"] is None else local_time(item["last_seen"]),
        item["last_used"] or words.UNKNOWN.to(language),
        number(use["days"], language),
        words.word(words.STEPS, use["step"], language),
        money_text(item["rent_sek_per_month"], language),
        money_text(item["cost_sek_so_far"], language),
        either(use["reason"], language),
    ]
