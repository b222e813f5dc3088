"""`fjarrkoll wear`: how long models last, how often they are repaired, how much they are used; buffer stores."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    either,
    money,
    number,
    print_json,
    print_line,
    print_table,
    quantity,
)
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Life, repairs and use of models; use of buffer stores.")

_Class = Annotated[str | None, typer.Option("--class", help="Device class")]
_MODELS: Final = (
    words.DEVICE_CLASS,
    words.MODEL,
    words.RENT,
    words.DEVICES,
    Text("Känd anskaffning", "Known age"),
    Text("Ur bruk", "Ended"),
    Text("Hälften varar, år", "Half last, years"),
    Text("95 %", "95 %"),
    Text("Antagen livslängd, år", "Assumed life, years"),
    Text("Reparationer/år", "Repairs/year"),
    Text("95 %", "95 %"),
    Text("Användning/år", "Use/year"),
)
_CURVE: Final = (
    Text("År", "Years"),
    Text("Varar längre", "Last longer"),
    Text("95 %", "95 %"),
    Text("Så långt kom", "Got so far"),
    Text("Ur bruk", "Ended"),
)
_STORE: Final = Text("Buffertförråd", "Buffer store")


@app.command("models")
def models(*, device_class: _Class = None, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show life, repairs and use by model and rent. Example: fjarrkoll wear models --class wheelchair."""
    with open_client(language) as client:
        answer = client.get("wear", class_=device_class)
    if as_json:
        print_json(answer)
        return
    print_table("", [title.to(language) for title in _MODELS], [_row(item, language) for item in answer["items"]])
    since = answer["repairs_since"] or words.UNKNOWN.to(language)
    print_line(f"{Text('Reparationer är kända från', 'Repairs are known from').to(language)}: {since}")


@app.command("curve")
def curve(
    model: Annotated[str, typer.Argument(help="Key of the model, as `wear models --json` shows it")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show a model's survival curve with its interval. Example: fjarrkoll wear curve permobil-m3."""
    with open_client(language) as client:
        answer = client.get(f"wear/{model}")
    if as_json:
        print_json(answer)
        return
    rows = [
        [
            number(point["years"], language),
            number(point["lasting"], language),
            _span(point["low"], point["high"], language),
            str(point["at_risk"]),
            str(point["ended"]),
        ]
        for point in answer["curve"]
    ]
    print_table("", [title.to(language) for title in _CURVE], rows)
    print_line(either(answer["meaning"], language))


@app.command("stores")
def stores(
    *,
    store: Annotated[str | None, typer.Option(help="Code of one buffer store")] = None,
    device_class: _Class = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show under- and over-used devices in buffer stores. Example: fjarrkoll wear stores --store avd-3."""
    with open_client(language) as client:
        answer = client.get("stores/use", store=store, class_=device_class)
    if as_json:
        print_json(answer)
        return
    titles = (_STORE, words.NUMBER, words.MODEL, words.USE, words.REASON)
    rows = [
        [
            item["store"],
            words.number_of(item),
            f"{item['maker']} {item['model']}",
            either(item["use_words"], language),
            either(item["reason"], language),
        ]
        for item in answer["items"]
    ]
    print_table("", [title.to(language) for title in titles], rows)
    print_line(either(answer["meaning"], language))
    for move in answer["moves"]:
        print_line(f"{move['individual_number']}: {move['from_store']} → {move['to_store']}")


def _row(item: Json, language: str) -> list[str]:
    used = "; ".join(f"{quantity(entry['middle'], entry['unit'], language)}" for entry in item["use"])
    return [
        item["device_class"],
        f"{item['maker']} {item['model']}",
        money(item["rent_sek_per_month"], language),
        str(item["devices"]),
        f"{item['dated']} / {item['devices']}",
        f"{item['ended_dated']} / {item['ended']}",
        _known(item["median_years"], language),
        _span(item["median_low"], item["median_high"], language),
        number(item["expected_years"], language),
        _known(item["repairs_a_year"], language),
        _span(item["repairs_low"], item["repairs_high"], language),
        used or words.UNKNOWN.to(language),
    ]


def _known(value: float | None, language: str) -> str:
    return words.UNKNOWN.to(language) if value is None else number(value, language)


def _span(low: float | None, high: float | None, language: str) -> str:
    return NOTHING if low is None and high is None else f"{number(low, language)} … {number(high, language)}"
