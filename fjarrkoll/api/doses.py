"""`fjarrkoll doses`: what became of a machine's doses, its schedule, absences, and the roll that was verified."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import JsonOption, LanguageOption, local_time, print_json, print_line, print_table
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Doses of dispensers: schedules, outcomes, absences.")
Device = Annotated[str, typer.Argument(help="Individual number or id of the dispenser")]
_NO_SCHEDULE: Final = Text(
    "Inget schema är känt: ingenting kan väntas av automaten, vilket inte betyder att allt är väl.",
    "No schedule is known: nothing can be expected of the machine, which does not mean that all is well.",
)
_OUTCOMES: Final = {
    "taken": Text("tagen", "taken"),
    "missed": Text("inte tagen", "missed"),
    "unknown": Text("okänt", "unknown"),
    "paused": Text("vilar", "paused"),
}


@app.command("show")
def show(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show the doses of two weeks. Example: fjarrkoll doses show 7654321."""
    with open_client(language) as client:
        _tell(client.get(f"devices/{client.device_id(device)}/doses"), as_json=as_json, language=language)


@app.command("schedule")
def schedule(  # noqa: PLR0913 - each is an option of the command
    device: Device,
    *,
    version: Annotated[int, typer.Option(min=1, help="Running number; the machine tells the same")],
    at: Annotated[list[str], typer.Option("--at", help="Swedish wall clock, HH:MM; repeat it")],
    late_minutes: Annotated[int, typer.Option(min=5, max=300, help="How long a dose waits")] = 60,
    unknown_minutes: Annotated[int, typer.Option(min=0, max=240, help="Longer, for a machine out of reach")] = 15,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Enter a schedule from now on. Example: fjarrkoll doses schedule 7654321 --version 3 --at 08:00 --at 20:00."""
    body = {"version": version, "times": sorted(at), "late_minutes": late_minutes, "unknown_minutes": unknown_minutes}
    _enter(device, "schedule", body, as_json=as_json, language=language)


@app.command("absence")
def absence(
    device: Device,
    *,
    reason: Annotated[str, typer.Option(help="hospital, travel or other")],
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say that the user is away: dose alarms rest."""
    _enter(device, "absence", {"reason": reason}, as_json=as_json, language=language)


@app.command("back")
def back(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Say that the user is back; the roll must be verified before doses are supervised again."""
    _enter(device, "absence/end", {}, as_json=as_json, language=language)


@app.command("roll-verified")
def roll_verified(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Say that the roll in the machine is its user's and the right one."""
    _enter(device, "roll-verified", {}, as_json=as_json, language=language)


@app.command("unsupervised")
def unsupervised(*, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """List dispensers on loan without a schedule."""
    with open_client(language) as client:
        answer = client.get("doses/unsupervised")
    if as_json:
        print_json(answer)
        return
    rows = [[words.number_of(item), item["device_id"], item["payer"]] for item in answer["items"]]
    print_table("", [words.NUMBER.to(language), "id", words.PAYER.to(language)], rows)


def _enter(device: str, what: str, body: Json, *, as_json: bool, language: str) -> None:
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(device)}/doses/{what}", body)
    _tell(answer, as_json=as_json, language=language)


def _tell(answer: Json, *, as_json: bool, language: str) -> None:
    if as_json:
        print_json(answer)
        return
    if answer["held"]:
        print_line(words.HELD.to(language))
    if not answer["supervised"]:
        print_line(_NO_SCHEDULE.to(language))
    rows = [
        [str(d["sequence"]), local_time(d["due_at"]), words.word(_OUTCOMES, d["outcome"], language)]
        for d in answer["doses"]
    ]
    print_table(answer["standing"], ["dos", words.TIME.to(language), words.USE.to(language)], rows)
