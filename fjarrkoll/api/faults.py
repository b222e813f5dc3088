"""`fjarrkoll faults`: the faults of a device as they are stored, or read from the device itself now."""

import uuid
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
    print_json,
    print_line,
    print_table,
    tell,
)
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Show faults, or read them from a device now.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]
_ASKING: Final = Text("Frågar hjälpmedlet …", "Asking the device …")
_NONE_ACTIVE: Final = Text("Hjälpmedlet säger att inget fel är aktivt.", "The device says that no fault is active.")
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
