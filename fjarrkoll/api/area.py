"""`fjarrkoll area`: where devices stand, so that an outage of many is told as one."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import JsonOption, LanguageOption, print_json, print_table

app: Final = typer.Typer(no_args_is_help=True, help="Areas of devices: as coarse as an outage, never an address.")


@app.command("show")
def show(
    devices: Annotated[list[str], typer.Argument(help="Individual numbers or ids")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show where devices stand. Example: fjarrkoll area show 7654321."""
    with open_client(language) as client:
        found = [client.get(f"devices/{client.device_id(device)}/area") for device in devices]
    if as_json:
        print_json({"items": found})
    else:
        print_table("", ["id", "område / area"], [[_name(item), item["area"] or "-"] for item in found])


@app.command("set")
def set_area(
    area: Annotated[str, typer.Argument(help="Such as hemtjanst-norr: small letters, digits, hyphens; '' for none")],
    devices: Annotated[list[str], typer.Argument(help="Individual numbers or ids, on loan")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say where devices stand. Example: fjarrkoll area set hemtjanst-norr 7654321 7654322."""
    with open_client(language) as client:
        done = [client.send("PUT", f"devices/{client.device_id(device)}/area", {"area": area}) for device in devices]
    if as_json:
        print_json({"items": done})
    else:
        print_table("", ["id", "område / area"], [[_name(item), item["area"] or "-"] for item in done])


def _name(item: Json) -> str:
    return f"{item['device_id']}{words.mark(item)}"
