"""`fjarrkoll alarms`: show alarms, and take one."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    print_json,
    print_line,
    print_table,
)

app: Final = typer.Typer(no_args_is_help=True, help="Show alarms and take them.")


@app.command("list")
def list_alarms(  # noqa: PLR0913 - each is an option of the command
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that ended, too")] = False,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    severity: Annotated[str | None, typer.Option(help="info, warning, high or critical")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show alarms, newest first. Example: fjarrkoll alarms list --severity critical."""
    state = "all" if every else "open"
    with open_client(language) as client:
        answer = client.list("alarms", limit, state=state, class_=device_class, payer=payer, severity=severity)
    if as_json:
        print_json(answer)
        return
    titles = (words.NUMBER, words.DEVICE_CLASS, words.ALARMS, words.SEVERITY, words.TIME, words.REASON, words.TAKEN)
    print_table("", ["id", *(title.to(language) for title in titles)], [_row(i, language) for i in answer["items"]])


@app.command("take")
def take_alarm(
    alarm_id: Annotated[int, typer.Argument(min=1, help="Number of the alarm")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say that you see to an alarm; it stays open until its condition ends. Example: fjarrkoll alarms take 42."""
    with open_client(language) as client:
        answer = client.post(f"alarms/{alarm_id}/take")
    if as_json:
        print_json(answer)
    else:
        print_line(f"{either(answer['title'], language)}: {words.TAKEN.to(language).lower()} {answer['taken_by']}")


def _row(alarm: Json, language: str) -> list[str]:
    return [
        str(alarm["alarm_id"]),
        alarm["individual_number"],
        alarm["device_class"],
        either(alarm["title"], language),
        words.word(words.SEVERITIES, alarm["severity"], language),
        local_time(alarm["happened_at"]),
        either(alarm["reason"], language),
        alarm["taken_by"] or NOTHING,
    ]
