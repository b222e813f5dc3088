"""`fjarrkoll faults`: the faults of a device as they are stored, or read from the device itself now."""

import uuid
from enum import StrEnum
from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import ApiError, Json, open_client
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
    tell,
)
from fleet.text import Text


class Period(StrEnum):
    """Days back that groups are counted for."""

    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"


app: Final = typer.Typer(no_args_is_help=True, help="Show faults, or read them from a device now.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]
_ASKING: Final = Text("Frågar hjälpmedlet …", "Asking the device …")
_NONE_ACTIVE: Final = Text("Hjälpmedlet säger att inget fel är aktivt.", "The device says that no fault is active.")
_MODULE: Final = Text("Modul", "Module")
_TIMES: Final = Text("Gånger", "Times")
_RATE: Final = Text("Per 1 000 dygn (95 %)", "Per 1,000 device-days (95 %)")
_TREND: Final = Text("Utveckling", "Trend")
_NEW: Final = Text("Ny med program", "New with firmware")
_NOT_COUNTED: Final = Text("Felen är inte räknade än.", "Faults are not counted yet.")
_COUNTED: Final = Text("Räknat {at}.", "Counted {at}.")
_LINE: Final = Text("Rad att lägga till", "Line to add")
_CAUSE: Final = Text("Orsak", "Cause")
_SHARE: Final = Text("Andel", "Share")
_CHECK: Final = Text("Kontroll", "Check")
_TRENDS: Final = {
    "rising": Text("ökar", "rising"),
    "falling": Text("minskar", "falling"),
    "steady": Text("oförändrad", "steady"),
    "unknown": Text("okänd", "unknown"),
}
_STILL_WAITING: Final = Text(
    "Hjälpmedlet har inte svarat än. Fråga igen med samma nyckel: --key {key}",
    "The device has not answered yet. Ask again with the same key: --key {key}",
)


@app.command("list")
def list_faults(
    device: Device,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that ended, too")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show the faults that are known. Example: fjarrkoll faults list 1234567 --all."""
    with open_client(language) as client:
        state = "all" if every else "active"
        answer = client.list(f"devices/{client.device_id(device)}/faults", limit, state=state)
    if as_json:
        print_json(answer)
        return
    if answer["held"]:
        print_line(words.HELD.to(language))
    titles = (words.CODE, words.MEANING, words.SEVERITY, words.SINCE, words.ACTION)
    print_table("", [title.to(language) for title in titles], [_row(fault, language) for fault in answer["items"]])


@app.command("read")
def read_faults(
    device: Device,
    *,
    wait: Annotated[int, typer.Option(min=0, max=60, help="Seconds to wait for the answer")] = 45,
    key: Annotated[str | None, typer.Option(help="Key of an earlier wish, to ask for its answer again")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Ask the device itself which faults are active. Example: fjarrkoll faults read 1234567.

    Ends with 1 when the device is silent or refuses: the answer is then unknown, which is not the same as no fault.
    """
    chosen = key or str(uuid.uuid4())
    with open_client(language) as client:
        tell(_ASKING.to(language))
        answer = client.post(f"devices/{client.device_id(device)}/faults/read", key=chosen, wait=wait)
    if as_json:
        print_json(answer)
    if answer["state"] in {"queued", "sent", "delivered", "running"}:
        raise ApiError(_STILL_WAITING.to(language).format(key=chosen))
    if answer["state"] != "succeeded":
        raise ApiError(f"{words.word(words.STATES, answer['state'], language)}: {answer['reason']}")
    if not as_json:
        _print_result(answer, language)


@app.command("groups")
def show_groups(  # noqa: PLR0913 - each is an option of the command
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    model: Annotated[str | None, typer.Option(help="Model key")] = None,
    days: Annotated[Period, typer.Option(help="How far back")] = Period.QUARTER,
    new_only: Annotated[bool, typer.Option("--new", help="Only those that came with a firmware")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show the fleet's faults, the most devices first. Example: fjarrkoll faults groups --class wheelchair --new."""
    with open_client(language) as client:
        answer = client.get(
            "faults/groups", class_=device_class, model=model, days=days.value, new_only=new_only, limit=min(limit, 500)
        )
    if as_json:
        print_json(answer)
        return
    if answer["counted_at"] is None:
        print_line(_NOT_COUNTED.to(language))
        return
    print_line(_COUNTED.to(language).format(at=local_time(answer["counted_at"])))
    titles = (words.CODE, words.MEANING, words.MODEL, _MODULE, words.DEVICES, _TIMES, _RATE, _TREND, words.SINCE, _NEW)
    print_table("", [title.to(language) for title in titles], [_group_row(g, language) for g in answer["items"]])


@app.command("unknown")
def show_unknown(
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show codes that no profile knows, with the line that would make each known. Example: fjarrkoll faults unknown."""
    with open_client(language) as client:
        answer = client.get("faults/unknown", class_=device_class, limit=min(limit, 500))
    if as_json:
        print_json(answer)
        return
    titles = (words.DEVICE_CLASS, words.CODE, words.DEVICES, _TIMES, words.SINCE, _LINE)
    rows = [
        (
            item["device_class"],
            f"{item['system']}/{item['code']} {item['text']}".rstrip(),
            str(item["devices"]),
            str(item["times"]),
            local_time(item["first_raised_at"]),
            item["line_to_add"],
        )
        for item in answer["items"]
    ]
    print_table("", [title.to(language) for title in titles], rows)


@app.command("explain")
def explain(
    device_class: Annotated[str, typer.Argument(help="Device class")],
    system: Annotated[str, typer.Argument(help="Native system, such as vr2")],
    code: Annotated[str, typer.Argument(help="Native code, as the device shows it")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Look a native code up: causes in order, checks and parts. Example: fjarrkoll faults explain wheelchair vr2 3."""
    with open_client(language) as client:
        answer = client.get("faults/dictionary", class_=device_class, system=system, code=code)
    if as_json:
        print_json(answer)
        return
    for entry in answer["items"]:
        print_line(f"{entry['meaning']['code']}: {either(entry['meaning']['title'], language)}")
        rows = [
            (
                either(cause["title"], language),
                f"{cause['share']:.0%}",
                either(cause["check"], language),
                ", ".join(either(part, language) for part in cause["parts"]) or either(cause["script"], language),
            )
            for cause in entry["causes"]
        ]
        print_table("", [title.to(language) for title in (_CAUSE, _SHARE, _CHECK, words.ACTION)], rows)


def _group_row(group: Json, language: str) -> list[str]:
    meaning, rate = group["meaning"], group["rate"]
    new = [item["firmware"] or NOTHING for item in group["firmwares"] if item["new_since_firmware"]]
    figures = [number(rate[name], language) for name in ("per_1000_device_days", "low", "high")]
    return [
        meaning["code"] if meaning else "/".join(filter(None, (group["system"], group["code"]))),
        either(meaning["title"], language) if meaning else words.UNKNOWN.to(language),
        group["model"],
        group["module"] or NOTHING,
        f"{group['devices']}/{group['devices_observed']}",
        str(group["times"]),
        f"{figures[0]} ({figures[1]}–{figures[2]})",
        words.word(_TRENDS, group["trend"], language),
        local_time(group["first_raised_at"]),
        ", ".join(new) or NOTHING,
    ]


def _print_result(answer: Json, language: str) -> None:
    faults = (answer["result"] or {}).get("faults", [])
    if not faults:
        print_line(_NONE_ACTIVE.to(language))
        return
    rows = [
        (
            f"{fault.get('system', '')}/{fault.get('code', '')}",
            either(fault["title"], language) if fault.get("known_code") else words.UNKNOWN.to(language),
            words.word(words.SEVERITIES, fault.get("severity", NOTHING), language),
        )
        for fault in faults
    ]
    print_table("", [title.to(language) for title in (words.CODE, words.MEANING, words.SEVERITY)], rows)


def _row(fault: Json, language: str) -> list[str]:
    meaning = fault["meaning"]
    known = meaning is not None
    return [
        f"{fault['system']}/{fault['code']}",
        either(meaning["title"], language) if known else words.UNKNOWN.to(language),
        words.word(words.SEVERITIES, meaning["severity"], language) if known else NOTHING,
        local_time(fault["raised_at"]),
        either(meaning["action"], language) if known else fault["text"],
    ]
