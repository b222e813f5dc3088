"""`fjarrkoll sources`: makers' feeds and gateways, how they are, and their outages."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    either,
    local_time,
    print_json,
    print_line,
    print_table,
)
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Makers' feeds and gateways, their health and outages.")

_Code = Annotated[str, typer.Argument(help="Code of the source")]
_TITLE: Final = Text("Källa", "Source")
_HEALTH: Final = Text("Läge", "Health")


@app.command("list")
def list_sources(*, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """List sources with their health, of how many devices. Example: fjarrkoll sources list."""
    with open_client(language) as client:
        answer = client.get("sources")
    if as_json:
        print_json(answer)
        return
    titles = (words.CODE, _TITLE, words.DEVICES, _HEALTH, words.LAST_SEEN, words.REASON)
    print_table("", [title.to(language) for title in titles], [_row(item, language) for item in answer["items"]])


@app.command("set")
def keep(
    code: _Code,
    title: Annotated[str, typer.Argument(help="What people call it")],
    *,
    kind: Annotated[str, typer.Option(help="maker_feed or gateway")] = "maker_feed",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Add or rename a source. Example: fjarrkoll sources set permobil-connect "Permobil Connect"."""
    with open_client(language) as client:
        _tell(client.send("PUT", f"sources/{code}", {"title": title, "kind": kind}), language, as_json=as_json)


@app.command("outage")
def outage(
    code: _Code,
    *,
    first: Annotated[str, typer.Option("--from", help="First day without its data, 2026-11-27")],
    why: Annotated[str, typer.Option(help="Why, in words")],
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register that a source stands still. Example: fjarrkoll sources outage maker --from 2026-11-27 --why avbrott."""
    with open_client(language) as client:
        answer = client.send("POST", f"sources/{code}/outages", {"from_day": first, "reason": why})
    _tell(answer, language, as_json=as_json)


@app.command("over")
def over(
    code: _Code,
    *,
    until: Annotated[str | None, typer.Option(help="Last day of it; today without")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register that a source works again. Example: fjarrkoll sources over permobil-connect."""
    with open_client(language) as client:
        answer = client.send("POST", f"sources/{code}/outages/end", {"until_day": until})
    _tell(answer, language, as_json=as_json)


def _tell(source: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(source)
    else:
        print_line(
            f"{source['title']}: {either(source['health_words'], language)}. {either(source['reason'], language)}"
        )


def _row(source: Json, language: str) -> list[str]:
    return [
        source["code"],
        source["title"],
        str(source["devices"]),
        either(source["health_words"], language),
        local_time(source["last_heard"]) if source["last_heard"] else NOTHING,
        either(source["reason"], language),
    ]
