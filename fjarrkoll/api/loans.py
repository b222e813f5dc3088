"""`fjarrkoll loans`: what people know of a loan: interval, source, replacement, consent, how the device is held."""

from typing import Annotated, Any, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import NOTHING, JsonOption, LanguageOption, local_time, number, print_json, print_table
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="What people know of a loan.")

_Number = Annotated[str, typer.Argument(help="Individual number or id of the device")]
_Why = Annotated[str, typer.Option(help="Why, in words; nothing about the person")]
_FACTS: Final = (
    Text("Individnummer", "Number"),
    words.PAYER,
    Text("Förskrivare", "Prescriber"),
    Text("Uthyrt från", "Lent from"),
    Text("Förskrivet intervall, dagar", "Prescribed interval, days"),
    Text("Källa", "Source"),
    Text("Samma låntagare har", "The same borrower has"),
    Text("Ersatt av", "Replaced by"),
    Text("Samtycke", "Consent"),
    Text("Grundutrustning", "Basic equipment"),
    Text("Administrationstjänst", "Administration service"),
)


@app.command("show")
def show(device: _Number, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show what is known of a device's loan. Example: fjarrkoll loans show 1234567."""
    with open_client(language) as client:
        _tell(client.get(f"devices/{client.device_id(device)}/loan"), language, as_json=as_json)


@app.command("set")
def keep(  # noqa: PLR0913 - each is an option of the command
    device: _Number,
    *,
    interval: Annotated[int | None, typer.Option(min=0, max=366, help="Prescribed days between uses; 0: none")] = None,
    source: Annotated[str | None, typer.Option(help="Code of the feed or gateway; empty: none")] = None,
    borrower: Annotated[str | None, typer.Option(help="Opaque key of the borrower; empty: none")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say how a loan is to be used and by which way its data comes; what is not said stays as it is.

    Example: fjarrkoll loans set 1234567 --interval 7 --source permobil-connect.
    """
    said = {"prescribed_interval_days": interval, "source": source, "borrower_key": borrower}
    body = {name: value or None for name, value in said.items() if value is not None}
    _send("PATCH", device, "loan", body, language, as_json=as_json)


@app.command("replaced")
def replaced(
    device: _Number,
    by: Annotated[str, typer.Argument(help="Individual number of the device that took over")],
    *,
    first: Annotated[str, typer.Option("--from", help="First day with the other one, 2026-11-02")],
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register that another device took over. Example: fjarrkoll loans replaced 1234567 7654321 --from 2026-11-02."""
    body = {"individual_number": by, "from_day": first}
    _send("PUT", device, "loan/replacement", body, language, as_json=as_json)


@app.command("not-replaced")
def not_replaced(device: _Number, *, why: _Why, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Take a replacement back. Example: fjarrkoll loans not-replaced 1234567 --why "fel individnummer"."""
    _send("POST", device, "loan/replacement/withdraw", {"why": why}, language, as_json=as_json)


@app.command("consent")
def consent(
    device: _Number,
    *,
    why: _Why,
    given: Annotated[bool, typer.Option("--given/--withdrawn", help="Given, or taken back")] = True,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Register the borrower's consent in this loan. Example: fjarrkoll loans consent 1234567 --why undertecknat."""
    _send("POST", device, "loan/consent", {"given": given, "why": why}, language, as_json=as_json)


@app.command("equipment")
def equipment(
    device: _Number,
    *,
    basic: Annotated[bool | None, typer.Option("--basic/--personal", help="Pooled, or prescribed to a person")] = None,
    service: Annotated[
        bool | None, typer.Option("--service/--no-service", help="A dispenser filled and supervised for one person")
    ] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say how a device is held; a dispenser with an administration service is never basic equipment.

    Example: fjarrkoll loans equipment 7654321 --personal --service.
    """
    body = {"basic_equipment": basic, "administration_service": service}
    _send("POST", device, "equipment", body, language, as_json=as_json)


def _send(  # noqa: PLR0913 - a request is told in full
    method: str, device: str, path: str, body: dict[str, Any], language: str, *, as_json: bool
) -> None:
    with open_client(language) as client:
        _tell(client.send(method, f"devices/{client.device_id(device)}/{path}", body), language, as_json=as_json)


def _tell(facts: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    replaced_by, nobody = facts["replaced_by"], NOTHING if facts["borrower_known"] else words.UNKNOWN.to(language)
    values = (
        words.number_of(facts),
        facts["payer"]["name"] if facts["payer"] else NOTHING,
        facts["prescriber"]["unit"] if facts["prescriber"] else NOTHING,
        local_time(facts["loan_started"]),
        number(facts["prescribed_interval_days"], language),
        facts["source"]["title"] if facts["source"] else words.UNKNOWN.to(language),
        ", ".join(map(words.number_of, facts["same_borrower"])) or nobody,
        f"{words.number_of(replaced_by)} ({replaced_by['from_day']})" if replaced_by else NOTHING,
        local_time(facts["consented_at"]),
        number(facts["basic_equipment"], language),
        number(facts["administration_service"], language),
    )
    rows = [[name.to(language), value] for name, value in zip(_FACTS, values, strict=True)]
    print_table("", ["", words.VALUE.to(language)], rows)
