"""`fjarrkoll devices`: search devices, show one as it stands, show the readings of a metric."""

from typing import Annotated, Any, Final

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
    number,
    print_json,
    print_line,
    print_table,
    quantity,
)

app: Final = typer.Typer(no_args_is_help=True, help="Search devices, show one, show its readings.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]


@app.command("list")
def list_devices(  # noqa: PLR0913 - each is an option of the command
    *,
    individual_number: Annotated[str | None, typer.Option("--number", help="Exactly this individual number")] = None,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class, such as wheelchair")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    state: Annotated[str | None, typer.Option(help="used, unused, silent, never_connected, alarm, ...")] = None,
    text: Annotated[str | None, typer.Option(help="Part of number, id, serial number, maker or model")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Search devices. Example: fjarrkoll devices list --class dispenser --state alarm."""
    with open_client(language) as client:
        answer = client.list(
            "devices",
            limit,
            individual_number=individual_number,
            class_=device_class,
            payer=payer,
            state=state,
            text=text,
        )
    if as_json:
        print_json(answer)
        return
    columns = (words.NUMBER, words.DEVICE_CLASS, words.MODEL, words.PAYER, words.LAST_SEEN, words.LAST_USED, words.USE)
    print_table(
        "",
        [*(c.to(language) for c in columns), words.ALARMS.to(language)],
        [_row(i, language) for i in answer["items"]],
    )


@app.command("show")
def show_device(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show one device as it stands. Example: fjarrkoll devices show 1234567."""
    with open_client(language) as client:
        answer = client.get(f"devices/{client.device_id(device)}")
    if as_json:
        print_json(answer)
        return
    print_line(f"{answer['individual_number']}  {answer['maker']} {answer['model']}  ({answer['device_id']})")
    if answer["held"]:
        print_line(words.HELD.to(language))
    if answer["online"]:
        print_line(words.ONLINE.to(language))
    print_line(f"{words.LAST_SEEN.to(language)}: {words.seen(_time(answer['last_seen']), language)}")
    print_line(f"{words.LAST_USED.to(language)}: {answer['last_used'] or words.UNKNOWN.to(language)}")
    print_line(f"{words.USE.to(language)}: {_use(answer, language)}. {either(answer['use']['reason'], language)}")
    titles = (words.METRIC, words.VALUE, words.TIME, words.KNOWN)
    print_table("", [title.to(language) for title in titles], [_state(entry, language) for entry in answer["state"]])
    for fault in answer["active_faults"]:
        meaning = fault["meaning"]
        print_line(f"{words.CODE.to(language)} {fault['system']}/{fault['code']}: {_meant(meaning, language)}")
    for alarm in answer["alarms"]:
        print_line(f"{words.ALARMS.to(language)} {alarm['alarm_id']}: {either(alarm['title'], language)}")


@app.command("readings")
def show_readings(  # noqa: PLR0913 - each is an option of the command
    device: Device,
    metric: Annotated[str, typer.Argument(help="Key of a metric, such as battery.soc")],
    *,
    start: Annotated[str | None, typer.Option("--from", help="RFC 3339 with time zone; a day ago if absent")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339 with time zone; now if absent")] = None,
    points: Annotated[int, typer.Option(min=1, max=5000, help="Beyond so many, readings are drawn together")] = 200,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show the readings of one metric. Example: fjarrkoll devices readings 1234567 battery.soc --points 24."""
    with open_client(language) as client:
        query = {"metric": metric, "from": start, "to": end, "points": points}
        answer = client.call("GET", f"devices/{client.device_id(device)}/readings", query)
    if as_json:
        print_json(answer)
        return
    if answer["held"]:
        print_line(words.HELD.to(language))
    if answer["downsampled"]:
        rows = [
            (
                local_time(b["at"]),
                *(number(b[name], language) for name in ("minimum", "average", "maximum", "readings")),
            )
            for b in answer["buckets"]
        ]
        print_table(f"{metric} [{answer['unit']}]", [words.TIME.to(language), "min", "medel", "max", "n"], rows)
    else:
        rows = [(local_time(p["at"]), number(p["value"], language)) for p in answer["points"]]
        print_table(f"{metric} [{answer['unit']}]", [words.TIME.to(language), words.VALUE.to(language)], rows)


def _row(item: Json, language: str) -> list[str]:
    return [
        words.number_of(item),
        item["device_class"],
        f"{item['maker']} {item['model']}",
        item["payer"]["code"] if item["payer"] else NOTHING,
        words.seen(_time(item["last_seen"]), language),
        item["last_used"] or words.UNKNOWN.to(language),
        _use(item, language),
        str(item["open_alarms"]),
    ]


def _use(item: Json, language: str) -> str:
    return words.word(words.VERDICTS, item["use"]["verdict"], language)


def _time(moment: str | None) -> str | None:
    return None if moment is None else local_time(moment)


def _state(entry: Json, language: str) -> list[str]:
    if not entry["known"]:
        return [either(entry["title"], language), words.UNKNOWN.to(language), NOTHING, NOTHING]
    value = quantity(entry["value"], entry["unit"], language)
    return [either(entry["title"], language), value, local_time(entry["happened_at"]), local_time(entry["known_at"])]


def _meant(meaning: dict[str, Any] | None, language: str) -> str:
    return words.UNKNOWN.to(language) if meaning is None else either(meaning["title"], language)
