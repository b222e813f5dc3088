"""`fjarrkoll limits`: what is set for a whole class: numbers of its alarm rules, and days until unused counts."""

from typing import Annotated, Any, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import NOTHING, JsonOption, LanguageOption, either, local_time, print_json, print_table
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="What is set for a whole class over its profile.")

_Class = Annotated[str, typer.Argument(help="Device class, such as wheelchair")]
_Why = Annotated[str, typer.Option(help="Why, in words")]
_Begins = Annotated[str | None, typer.Option("--from", help="First day on which it holds; at once without")]
_SETTING: Final = Text("Inställning", "Setting")
_HOLDS: Final = Text("Gäller", "Holds")
_OWN: Final = Text("Profilen", "Profile")
_PLANNED: Final = Text("Kommande", "To come")


@app.command("list")
def list_settings(device_class: _Class, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show what may be set and what holds. Example: fjarrkoll limits list wheelchair."""
    with open_client(language) as client:
        _tell(client.get(f"classes/{device_class}/settings"), language, as_json=as_json)


@app.command("rule")
def set_rule(  # noqa: PLR0913 - each is an option of the command
    device_class: _Class,
    setting: Annotated[str, typer.Argument(help="Rule and setting, such as battery_low.below")],
    value: Annotated[float | None, typer.Argument(help="The profile's own without")] = None,
    *,
    why: _Why,
    begins: _Begins = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Set a number of an alarm rule. Example: fjarrkoll limits rule wheelchair battery_low.below 25 --why prov."""
    rule, _, name = setting.partition(".")
    body = {"value": value, "reason": why, "begins": begins}
    with open_client(language) as client:
        answer = client.send("POST", f"classes/{device_class}/settings/rules/{rule}/{name or 'value'}", body)
    _tell(answer, language, as_json=as_json)


@app.command("idle")
def set_idle(  # noqa: PLR0913 - each is an option of the command
    device_class: _Class,
    policy: Annotated[str, typer.Argument(help="Idle policy, such as indoor")],
    days: Annotated[list[int] | None, typer.Argument(help="Note, contact, propose; the profile's own without")] = None,
    *,
    why: _Why,
    begins: _Begins = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Set the days of an idle policy. Example: fjarrkoll limits idle wheelchair indoor 14 30 60 --why prov."""
    if days and len(days) != len(_NAMES):
        raise typer.BadParameter("give three numbers of days: note, contact, propose")
    limits = dict(zip(_NAMES, days, strict=True)) if days else None
    body = {"limits": limits, "reason": why, "begins": begins}
    with open_client(language) as client:
        answer = client.send("POST", f"classes/{device_class}/settings/idle/{policy}", body)
    _tell(answer, language, as_json=as_json)


_NAMES: Final = ("note_days", "contact_days", "propose_days")


def _tell(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    titles = (words.CODE, _SETTING, _HOLDS, _OWN, _PLANNED)
    rows = [_row(item, language) for item in answer["items"]]
    print_table(answer["device_class"], [title.to(language) for title in titles], rows)


def _row(item: dict[str, Any], language: str) -> tuple[str, ...]:
    own, planned = f"{item['default']:g}", NOTHING
    if item["planned_from"]:
        value = item["default"] if item["planned"] is None else item["planned"]
        planned = f"{value:g} ({local_time(item['planned_from'])})"
    holds = f"{item['holds']:g}{' *' if item['is_set'] else ''}"
    return (f"{item['name']}.{item['setting']}", either(item["title"], language), holds, own, planned)
