"""`fjarrkoll stores`: buffer stores and what lies in them."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import NOTHING, JsonOption, LanguageOption, print_json, print_line, print_table
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Buffer stores and what lies in them.")

_Number = Annotated[str, typer.Argument(help="Individual number or id of the device")]
_Store = Annotated[str, typer.Argument(help="Code of the buffer store")]
_TITLE: Final = Text("Buffertförråd", "Buffer store")
_DEPOT: Final = Text("Depå", "Depot")


@app.command("list")
def list_stores(*, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """List buffer stores. Example: fjarrkoll stores list."""
    with open_client(language) as client:
        answer = client.get("stores")
    if as_json:
        print_json(answer)
        return
    titles = (words.CODE, _TITLE, _DEPOT, words.DEVICES)
    rows = [[item["code"], item["title"], item["depot"] or NOTHING, str(item["devices"])] for item in answer["items"]]
    print_table("", [title.to(language) for title in titles], rows)


@app.command("set")
def keep(
    code: _Store,
    title: Annotated[str, typer.Argument(help="What people call it")],
    *,
    depot: Annotated[str | None, typer.Option(help="Code of the depot that fills it up")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Add or rename a buffer store. Example: fjarrkoll stores set avd-3 "Avdelning 3" --depot norr."""
    with open_client(language) as client:
        answer = client.send("PUT", f"stores/{code}", {"title": title, "depot": depot})
    if as_json:
        print_json(answer)
    else:
        print_line(f"{answer['code']}: {answer['title']}, {answer['devices']}")


@app.command("place")
def place(number: _Number, store: _Store, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Put a device into a buffer store. Example: fjarrkoll stores place 1234567 avd-3."""
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(number)}/placement", {"store": store})
    _tell(answer, language, as_json=as_json)


@app.command("take")
def take(number: _Number, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Take a device out of its buffer store. Example: fjarrkoll stores take 1234567."""
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(number)}/placement/end", {})
    _tell(answer, language, as_json=as_json)


def _tell(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    elif answer["store"] is None:
        print_line(Text("Ligger inte i något buffertförråd.", "Lies in no buffer store.").to(language))
    else:
        print_line(f"{answer['store']} ({answer['placed_on']}){words.mark(answer)}")
