"""`fjarrkoll idle`: devices proven unused, with reason, cost and denominators."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    money,
    number,
    print_json,
    print_line,
    print_table,
)
from fleet.text import Text

app: Final = typer.Typer(help="List devices that are not used, with reason and cost.")

_RENT_OF_UNUSED: Final = Text("Hyra för oanvända", "Rent of the unused")


@app.command()
def idle(  # noqa: PLR0913 - each is an option of the command
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
    rent = money(summary["rent_sek_per_month_proven_unused"], language)
    print_line(f"{_RENT_OF_UNUSED.to(language)}: {rent} / {Text('mån', 'month').to(language)}")


def _row(item: Json, language: str) -> list[str]:
    use = item["use"]
    return [
        item["individual_number"],
        f"{item['maker']} {item['model']}",
        item["payer"]["code"] if item["payer"] else "–",
        words.NEVER.to(language) if item["last_seen"] is None else local_time(item["last_seen"]),
        item["last_used"] or words.UNKNOWN.to(language),
        number(use["days"], language),
        words.word(words.STEPS, use["step"], language),
        money(item["rent_sek_per_month"], language),
        money(item["cost_sek_so_far"], language),
        either(use["reason"], language),
    ]
