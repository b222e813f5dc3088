"""`fjarrkoll alarms`: show alarms, act upon one, try a rule on history."""

from datetime import datetime
from typing import Annotated, Final

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
)
from fleet.clock import STOCKHOLM
from fleet.text import Text

FromOption = Annotated[datetime, typer.Option("--from", help="First day, or moment in Swedish time")]
ToOption = Annotated[datetime, typer.Option("--to", help="Day or moment after the last")]

app: Final = typer.Typer(no_args_is_help=True, help="Show alarms, act upon them, try rules on history.")


@app.command("list")
def list_alarms(  # noqa: PLR0913 - each is an option of the command
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that ended, too")] = False,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    severity: Annotated[str | None, typer.Option(help="info, warning, high or critical")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show alarms, newest first. Example: fjarrkoll alarms list --severity critical."""
    state = "all" if every else "open"
    with open_client(language) as client:
        answer = client.list("alarms", limit, state=state, class_=device_class, payer=payer, severity=severity)
    if as_json:
        print_json(answer)
        return
    titles = (words.NUMBER, words.DEVICE_CLASS, words.ALARMS, words.SEVERITY, words.TIME, words.REASON, words.TAKEN)
    print_table("", ["id", *(title.to(language) for title in titles)], [_row(i, language) for i in answer["items"]])


AlarmId = Annotated[int, typer.Argument(min=1, help="Number of the alarm")]
NoteOption = Annotated[str, typer.Option("--note", help="For the journal; never who the user is")]


@app.command("show")
def show_alarm(alarm_id: AlarmId, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show one alarm with its journal; of an area also who is at risk first. Example: fjarrkoll alarms show 42."""
    with open_client(language) as client:
        answer = client.get(f"alarms/{alarm_id}")
    if as_json:
        print_json(answer)
        return
    _tell(answer, language)
    for risk in answer["at_risk"][:20]:
        hours = NOTHING if risk["hours"] is None else f"{risk['hours']:.1f} h"
        print_line(f"  {risk['device_id']}{words.mark(risk)}  {hours}")
    lines = [[local_time(e["at"]), e["kind"], e["actor"], e["note"]] for e in answer["journal"]]
    print_table("", [words.TIME.to(language), words.STEP.to(language), words.TAKEN.to(language), ""], lines)


@app.command("take")
def take_alarm(
    alarm_id: AlarmId,
    *,
    plan: Annotated[str, typer.Option(help="What you will do, for whoever asks next")] = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say that you see to an alarm. Example: fjarrkoll alarms take 42 --plan "ringer"."""
    _act(alarm_id, "take", {"plan": plan}, as_json=as_json, language=language)


@app.command("hand-over")
def hand_over(
    alarm_id: AlarmId,
    *,
    to: Annotated[str | None, typer.Option(help="Who is to take it; nobody without it, and it rings again")] = None,
    note: NoteOption = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Offer an alarm you have taken to somebody else; it is yours until they take it."""
    _act(alarm_id, "hand-over", {"to": to, "note": note}, as_json=as_json, language=language)


@app.command("resolve")
def resolve_alarm(
    alarm_id: AlarmId,
    *,
    expected: Annotated[bool, typer.Option("--expected", help="Right but expected, such as a test")] = False,
    note: NoteOption = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """End an alarm. While its condition goes on it rests. Example: fjarrkoll alarms resolve 42 --note "bytt"."""
    body = {"verdict": "expected" if expected else "true", "note": note}
    _act(alarm_id, "resolve", body, as_json=as_json, language=language)


@app.command("false")
def false_alarm(
    alarm_id: AlarmId, *, note: NoteOption = "", as_json: JsonOption = False, language: LanguageOption = "sv"
) -> None:
    """End an alarm that was false; it counts in the rule's precision."""
    _act(alarm_id, "false", {"note": note}, as_json=as_json, language=language)


@app.command("comment")
def comment(
    alarm_id: AlarmId,
    note: Annotated[str, typer.Argument(help="The remark; never who the user is")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Add a remark to an alarm's journal."""
    _act(alarm_id, "comment", {"note": note}, as_json=as_json, language=language)


@app.command("precision")
def precision(
    *, start: FromOption, end: ToOption, as_json: JsonOption = False, language: LanguageOption = "sv"
) -> None:
    """How many alarms were right, per class and rule. Example: fjarrkoll alarms precision --from 2026-10-01 ..."""
    with open_client(language) as client:
        answer = client.get("alarms/precision", from_=_moment(start), to=_moment(end))
    if as_json:
        print_json(answer)
        return
    columns = ["", "raised", "taken", "true", "false", "expected", "precision"]
    names = ("raised", "taken", "judged_true", "judged_false", "judged_expected")
    rows = [
        [f"{i['device_class']} {i['rule']}", *(str(i[name]) for name in names), number(i["precision"], language)]
        for i in answer["items"]
    ]
    print_table("", columns, rows)


@app.command("backtest")
def backtest(  # noqa: PLR0913 - each is an option of the command
    rule: Annotated[str, typer.Argument(help="Name of the rule in its class")],
    *,
    device_class: Annotated[str, typer.Option("--class", help="Device class")],
    start: FromOption,
    end: ToOption,
    device: Annotated[str | None, typer.Option(help="Individual number or id of one device")] = None,
    setting: Annotated[str | None, typer.Option("--set", help="Try a setting, such as below=25")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """What a rule would have done. Example: fjarrkoll alarms backtest jam --class dispenser --from 2026-11-01 ..."""
    with open_client(language) as client:
        device_id = None if device is None else client.device_id(device)
        asked = {"class_": device_class, "rule": rule, "device_id": device_id, "setting": setting}
        answer = client.get("alarms/backtest", from_=_moment(start), to=_moment(end), **asked)
    if as_json:
        print_json(answer)
        return
    told = Text(
        f"{answer['alarms']} larm på {answer['alarming_devices']} av {answer['devices']} hjälpmedel"
        f" ({answer['silent_devices']} utan data, {answer['noted_late']} kända för sent)",
        f"{answer['alarms']} alarms on {answer['alarming_devices']} of {answer['devices']} devices"
        f" ({answer['silent_devices']} without data, {answer['noted_late']} known too late)",
    )
    print_line(told.to(language))
    rows = [
        [e["device_id"], local_time(e["happened_at"]), local_time(e["ended_at"]), either(e["reason"], language)]
        for e in answer["examples"]
    ]
    print_table("", ["id", words.TIME.to(language), "", words.REASON.to(language)], rows)


@app.command("settings")
def settings(
    device: Annotated[str, typer.Argument(help="Individual number or id of the device")],
    *,
    change: Annotated[str | None, typer.Option("--set", help="RULE.SETTING=VALUE; without a value: as before")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed with --set")] = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show or change what may be set for one device. Example: ... --set battery_low.below=25 --reason "långt bort"."""
    with open_client(language) as client:
        address = f"devices/{client.device_id(device)}/alarm-settings"
        if change is None:
            answer = client.get(address)
        else:
            name, _, value = change.partition("=")
            body = {"value": _number(value), "reason": reason}
            answer = client.send("POST", f"{address}/{name.replace('.', '/')}", body)
    if as_json:
        print_json(answer)
        return
    rows = [
        [f"{i['rule']}.{i['setting']}", *(number(i[key], language) for key in ("default", "low", "high", "value"))]
        for i in answer["items"]
    ]
    print_table("", ["", "default", "low", "high", words.VALUE.to(language)], rows)


def _act(alarm_id: int, what: str, body: Json, *, as_json: bool, language: str) -> None:
    with open_client(language) as client:
        answer = client.send("POST", f"alarms/{alarm_id}/{what}", body)
    if as_json:
        print_json(answer)
    else:
        _tell(answer, language)


def _tell(alarm: Json, language: str) -> None:
    taker = alarm["closed_by"] or alarm["taken_by"] or NOTHING
    print_line(f"{either(alarm['title'], language)}: {alarm['state']}, {words.TAKEN.to(language).lower()} {taker}")


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no number: give RULE.SETTING=VALUE") from None


def _moment(day: datetime) -> str:
    """A day of the command line as the instant at which it begins in Sweden."""
    return day.replace(tzinfo=STOCKHOLM).isoformat()


def _row(alarm: Json, language: str) -> list[str]:
    return [
        str(alarm["alarm_id"]),
        words.number_of(alarm),
        alarm["device_class"],
        either(alarm["title"], language),
        words.word(words.SEVERITIES, alarm["severity"], language),
        local_time(alarm["happened_at"]),
        either(alarm["reason"], language),
        alarm["taken_by"] or NOTHING,
    ]
