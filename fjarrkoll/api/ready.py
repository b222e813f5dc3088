"""`fjarrkoll ready`: whether devices can be handed out, what is unknown of them, and what they must be."""

import uuid
from datetime import date
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import ApiClient, ApiError, Json, open_client
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
from fleet.plumbing.sheets import Limits, read_table
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Say whether devices are ready to be handed out.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]
Model = Annotated[str, typer.Argument(help="Key of the model, such as permobil-m3")]
Kind = Annotated[str, typer.Argument(help="inspection, calibration or maintenance")]
Note = Annotated[str, typer.Option(help="Why, or where it says so")]
_MOST: Final = 200
_COLUMN: Final = "individnummer"
_LIMITS: Final = Limits(file_bytes=5 * 1024**2, unpacked_bytes=50 * 1024**2, rows=20_000)
_VERDICTS: Final = {
    "ready": Text("✔ klart", "✔ ready"),
    "not_ready": Text("✘ inte klart", "✘ not ready"),
    "unknown": Text("? okänt", "? unknown"),
}
_ANSWERS: Final = {
    "ok": Text("✔", "✔"),
    "not_ok": Text("✘", "✘"),
    "unknown": Text("?", "?"),
    "not_needed": Text(NOTHING, NOTHING),
}
_CHECK: Final = Text("Kontroll", "Check")
_FIND_OUT: Final = Text("Gör så här", "What to do")
_VERDICT: Final = Text("Besked", "Verdict")
_NAMES: Final = {
    "stock": Text("Lagerstatus", "Stock state"),
    "hold": Text("Avvikelsespärr", "Incident hold"),
    "contact": Text("Kontakt", "Contact"),
    "software": Text("Programvara", "Software"),
    "battery": Text("Batteri", "Battery"),
    "faults": Text("Felkoder", "Faults"),
    "clock": Text("Klocka", "Clock"),
    "schedule": Text("Serviceplan", "Service schedule"),
    "inspection": Text("Besiktning", "Inspection"),
    "calibration": Text("Kalibrering", "Calibration"),
    "maintenance": Text("Förebyggande underhåll", "Preventive maintenance"),
}
_NO_NUMBERS: Final = Text(
    "Filen har inga individnummer: en kolumn `individnummer`, eller ett nummer per rad.",
    "The file has no individual numbers: a column `individnummer`, or one number a line.",
)


@app.command("check")
def check_device(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Say whether one device is ready, check by check. Example: fjarrkoll ready check 1234567.

    Ends with 1 unless it is ready: an unknown is not ready.
    """
    with open_client(language) as client:
        answer = client.get(f"devices/{client.device_id(device)}/readiness")
    _print_one(answer, language, as_json=as_json)
    if answer["verdict"] != "ready":
        raise typer.Exit(1)


@app.command("list")
def check_list(  # noqa: PLR0913 - each is an option of the command
    *,
    file: Annotated[
        Path | None, typer.Option(help="Numbers, one a line, or a list with a column individnummer")
    ] = None,
    depot: Annotated[str | None, typer.Option(help="Code of the depot")] = None,
    model: Annotated[str | None, typer.Option(help="Key of the model")] = None,
    unit: Annotated[str | None, typer.Option(help="Code of the prescribing unit")] = None,
    limit: LimitOption = 200,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say which devices of a file, depot, model or unit are ready. Example: fjarrkoll ready list --depot syd."""
    with open_client(language) as client:
        if file is None:
            answer = client.list("readiness", limit, depot=depot, model=model, unit=unit)
        else:
            answer = _of_file(client, _numbers(file, language))
    verdicts = [item["verdict"] for item in answer["items"]]
    answer["counts"] = {name: verdicts.count(name) for name in _VERDICTS} | {"not_found": len(answer["not_found"])}
    if as_json:
        print_json(answer)
        return
    columns = (words.NUMBER, words.MODEL, _VERDICT, words.REASON)
    print_table("", [column.to(language) for column in columns], [_row(item, language) for item in answer["items"]])
    _print_counts(answer, language)


@app.command("stage")
def stage(
    device: Device,
    *,
    key: Annotated[str | None, typer.Option(help="Key of an earlier wish, so that nothing is asked twice")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Ask the device for what is unknown and mend what is safe to mend. Example: fjarrkoll ready stage 1234567."""
    with open_client(language) as client:
        chosen = key or f"ready-{uuid.uuid4()}"
        answer = client.post(f"devices/{client.device_id(device)}/readiness/stage", key=chosen)
    if as_json:
        print_json(answer)
        return
    if answer["held"]:
        print_line(words.HELD.to(language))
    if not answer["staged"]:
        print_line(Text("Inget att göra på distans.", "Nothing to be done from afar.").to(language))
    for entry in answer["staged"]:
        asked = Text("begärt", "asked").to(language)
        print_line(f"{entry['command']}: {(entry['command_id'] and asked) or either(entry['refused'], language)}")


@app.command("note")
def note_service(  # noqa: PLR0913 - each is an option of the command
    device: Device,
    kind: Kind,
    *,
    done_on: Annotated[str | None, typer.Option("--on", help="The day, 2026-11-20; today if absent")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="It was not passed")] = False,
    note: Note = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Record a service that was done. Example: fjarrkoll ready note 1234567 inspection."""
    body = {"kind": kind, "done_on": done_on or date.today().isoformat(), "passed": not failed, "note": note}  # noqa: DTZ011 - the day on the wall
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(device)}/services", body)
    _print_one(answer, language, as_json=as_json)


@app.command("model")
def show_model(model: Model, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show what a model must be before it is handed out. Example: fjarrkoll ready model permobil-m3."""
    with open_client(language) as client:
        _print_model(client.get(f"models/{quote(model, safe='')}/readiness"), language, as_json=as_json)


@app.command("approve")
def approve(
    model: Model,
    version: Annotated[str, typer.Argument(help="Software version")],
    *,
    note: Note = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Approve a software version; it becomes the wanted one. Example: fjarrkoll ready approve permobil-m3 2.10.1."""
    with open_client(language) as client:
        answer = client.send(
            "PUT", f"models/{quote(model, safe='')}/software/{quote(version, safe='')}", {"note": note}
        )
    _print_model(answer, language, as_json=as_json)


@app.command("withdraw")
def withdraw(
    model: Model,
    version: Annotated[str, typer.Argument(help="Software version")],
    *,
    note: Note = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Withdraw an approval. Example: fjarrkoll ready withdraw permobil-m3 2.9.0 --note "clock drifts"."""
    with open_client(language) as client:
        where = f"models/{quote(model, safe='')}/software/{quote(version, safe='')}/withdraw"
        answer = client.send("POST", where, {"note": note})
    _print_model(answer, language, as_json=as_json)


@app.command("schedule")
def set_schedule(  # noqa: PLR0913 - each is an option of the command
    model: Model,
    kind: Kind,
    every_days: Annotated[int | None, typer.Argument(min=1, help="Days; left out: the maker asks for none")] = None,
    *,
    note: Note = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Enter the maker's schedule. Example: fjarrkoll ready schedule permobil-m3 inspection 365."""
    with open_client(language) as client:
        where = f"models/{quote(model, safe='')}/schedule/{quote(kind, safe='')}"
        answer = client.send("PUT", where, {"every_days": every_days, "source": note})
    _print_model(answer, language, as_json=as_json)


def _numbers(file: Path, language: str) -> list[str]:
    """The individual numbers in a file: in its column of that name, or one a line.

    Raises:
        ApiError: there are none.
        SheetRefusedError: the list cannot be read.
    """
    if file.suffix.lower() in {".xlsx", ".csv"}:
        rows = read_table(file.read_bytes(), {_COLUMN}, _LIMITS).rows
        found = [str(row.cells[_COLUMN]) for row in rows if row.cells.get(_COLUMN) is not None]
    else:
        found = [text for line in file.read_text(encoding="utf-8-sig").splitlines() if (text := line.strip())]
    if not found:
        raise ApiError(_NO_NUMBERS.to(language))
    return found


def _of_file(client: ApiClient, numbers: list[str]) -> Json:
    whole: Json = {"items": [], "next_cursor": None, "not_found": []}
    for begin in range(0, len(numbers), _MOST):
        part = client.send("POST", "readiness", {"devices": numbers[begin : begin + _MOST]})
        whole["items"] += part["items"]
        whole["not_found"] += part["not_found"]
    return whole


def _row(item: Json, language: str) -> list[str]:
    return [
        words.number_of(item),
        f"{item['maker']} {item['model']}",
        words.word(_VERDICTS, item["verdict"], language),
        either(item["reason"], language),
    ]


def _print_counts(answer: Json, language: str) -> None:
    ready, wrong, unknown = (answer["counts"][name] for name in _VERDICTS)
    total, missing = len(answer["items"]), answer["not_found"]
    print_line(
        Text(
            f"{ready} av {total} är klara, {wrong} är det inte, om {unknown} är något okänt.",
            f"{ready} of {total} are ready, {wrong} are not, of {unknown} something is unknown.",
        ).to(language)
    )
    if missing:
        print_line(Text("Finns inte: ", "Not found: ").to(language) + ", ".join(missing))


def _print_one(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    print_line(f"{words.number_of(answer)}  {answer['maker']} {answer['model']}  ({answer['device_id']})")
    verdict = words.word(_VERDICTS, answer["verdict"], language)
    print_line(f"{verdict}. {either(answer['reason'], language)}")
    rows = [
        (
            words.word(_ANSWERS, check["answer"], language),
            words.word(_NAMES, check["name"], language),
            either(check["reason"], language),
            either(check["find_out"], language),
        )
        for check in answer["checks"]
    ]
    print_table("", ["", *(column.to(language) for column in (_CHECK, words.REASON, _FIND_OUT))], rows)


def _print_model(answer: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    print_line(f"{answer['maker']} {answer['name']}  ({answer['model_key']})")
    wanted, withdrawn = Text("ska vara i", "wanted"), Text("indragen", "withdrawn")
    for entry in answer["software"]:
        state = withdrawn if entry["withdrawn_at"] else (wanted if entry["wanted"] else Text("godkänd", "approved"))
        by = f"{entry['approved_by']}, {local_time(entry['approved_at'])}"
        print_line(f"  {entry['version']}  {state.to(language)}  ({by})  {entry['note']}")
    for entry in answer["schedule"]:
        days = entry["every_days"]
        every = Text("krävs inte", "not asked for") if days is None else Text(f"var {days}:e dag", f"every {days} days")
        print_line(f"  {words.word(_NAMES, entry['kind'], language)}: {every.to(language)}  {entry['source']}")
    for name, title in (("software", _NAMES["software"]), ("schedule", _NAMES["schedule"])):
        if not answer[name]:
            print_line(f"  {title.to(language)}: {words.UNKNOWN.to(language)}")
