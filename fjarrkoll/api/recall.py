"""`fjarrkoll recall`: propose devices, move cases, see figures, letters and the payer check."""

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
    money,
    print_json,
    print_line,
    print_table,
)
from fleet.recall import BY_PEOPLE
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Get unused devices back: propose, ask, order, collect.")

_ACTIONS: Final = ", ".join(sorted(BY_PEOPLE))
_STATE: Final = Text("Läge", "State")
_CASE: Final = Text("Ärende", "Case")
_UNIT: Final = Text("Förskrivande enhet", "Prescriber unit")
_CASES: Final = Text("Ärenden", "Cases")
_CLOCK: Final = Text("Hämtas senast", "Pick up by")
_SAVED: Final = Text("Sparat", "Saved")
_WHO: Final = Text("Vem", "Who")
_DONE: Final = Text("Gjort", "Done")
_Why = Annotated[str, typer.Option(help="Why, in words; nothing about the person")]
_Case = Annotated[int, typer.Argument(min=1, help="Number of the case")]


@app.command("list")
def list_cases(  # noqa: PLR0913 - each is an option of the command
    *,
    state: Annotated[str | None, typer.Option(help="Exactly this state, such as asked")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed cases, too")] = False,
    overdue: Annotated[bool, typer.Option(help="Only cases past one of their clocks")] = False,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    prescriber: Annotated[str | None, typer.Option(help="Code of the prescriber unit")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """List cases, newest first. Example: fjarrkoll recall list --state asked --payer kommun-07."""
    with open_client(language) as client:
        filters = {"state": state, "overdue": overdue, "payer": payer, "prescriber": prescriber}
        answer = client.list("recalls", limit, open=state is None and not every, **filters)
    if as_json:
        print_json(answer)
        return
    titles = (_CASE, words.NUMBER, words.MODEL, words.PAYER, _STATE, words.SINCE, _CLOCK, words.RENT, _SAVED)
    print_table("", [title.to(language) for title in titles], [_row(item, language) for item in answer["items"]])


@app.command("show")
def show_case(case_id: _Case, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show a case with its journal. Example: fjarrkoll recall show 118."""
    with open_client(language) as client:
        answer = client.get(f"recalls/{case_id}")
    if as_json:
        print_json(answer)
        return
    _print_case(answer, language)


@app.command("propose")
def propose(  # noqa: PLR0913 - each is an option of the command
    number: Annotated[
        str | None, typer.Argument(help="Individual number or id of one device; every one without")
    ] = None,
    *,
    why: _Why,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the dearest first")] = 200,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Begin cases for devices whose verdict proposes a return. Example: fjarrkoll recall propose --why genomgång."""
    with open_client(language) as client:
        device_id = None if number is None else client.device_id(number)
        asked = {"device_id": device_id, "class": device_class, "payer": payer, "limit": limit, "why": why}
        answer = client.send("POST", "recalls", {name: value for name, value in asked.items() if value is not None})
    if as_json:
        print_json(answer)
    else:
        print_line(f"{_CASES.to(language)}: {answer['proposed']}")


@app.command("move")
def move_case(  # noqa: PLR0913 - each is an option of the command
    case_id: _Case,
    action: Annotated[str, typer.Argument(help=f"One of {_ACTIONS}")],
    *,
    why: _Why,
    until: Annotated[str | None, typer.Option(help="With need: last day on which it holds, 2027-02-01")] = None,
    order_number: Annotated[str | None, typer.Option(help="With order: the order's number")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Move a case. Example: fjarrkoll recall move 118 order --order-number H-20416 --why "bekräftat av enheten"."""
    asked = {"action": action, "why": why, "snooze_until": until, "order_number": order_number}
    with open_client(language) as client:
        body = {name: value for name, value in asked.items() if value is not None}
        answer = client.send("POST", f"recalls/{case_id}/move", body)
    if as_json:
        print_json(answer)
        return
    _print_case(answer, language)


@app.command("summary")
def summary(
    *,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Figures over all cases, with how often a proposal was wrong. Example: fjarrkoll recall summary."""
    with open_client(language) as client:
        answer = client.get("recalls/summary", payer=payer)
    if as_json:
        print_json(answer)
        return
    rows = [
        [either(entry["words"], language), str(entry["cases"]), money(entry["rent_sek_per_month"], language)]
        for entry in answer["by_state"]
    ]
    print_table("", [_STATE.to(language), _CASES.to(language), words.RENT.to(language)], rows)
    print_line(either(answer["false_recalls"]["meaning"], language))
    print_line(f"{_SAVED.to(language)}: {money(answer['saved_sek_so_far'], language)}")


@app.command("letter")
def letter(
    prescriber: Annotated[
        str | None, typer.Argument(help="Code of the prescriber unit; lists the units without")
    ] = None,
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Draft a letter to a prescriber unit, or list the units to write to. Example: fjarrkoll recall letter rehab-07."""
    with open_client(language) as client:
        answer = client.get("recalls/units" if prescriber is None else "recalls/letter", prescriber=prescriber)
    if as_json:
        print_json(answer)
    elif prescriber is None:
        rows = [[i["prescriber"]["code"], i["prescriber"]["unit"], str(i["cases"])] for i in answer["items"]]
        print_table("", [words.CODE.to(language), _UNIT.to(language), _CASES.to(language)], rows)
    else:
        print_line(answer["subject"])
        for line in ["", *answer["body"].splitlines()]:
            print_line(line)


@app.command("payers")
def payers(*, limit: LimitOption = 50, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """List devices whose payer is not their prescriber's (wrong baskod). Example: fjarrkoll recall payers."""
    with open_client(language) as client:
        answer = client.list("payer-checks", limit)
    if as_json:
        print_json(answer)
        return
    rows = [
        [
            words.number_of(i),
            i["device_class"],
            i["payer"]["name"],
            i["prescriber"]["unit"],
            either(i["reason"], language),
        ]
        for i in answer["items"]
    ]
    titles = (words.NUMBER, words.DEVICE_CLASS, words.PAYER, _UNIT, words.REASON)
    print_table("", [title.to(language) for title in titles], rows)
    checked = f"{len(rows)} / {answer['with_prescriber']} / {answer['on_loan']}"
    print_line(Text(f"Fel / kontrollerade / uthyrda: {checked}", f"Wrong / checked / on loan: {checked}").to(language))


def _print_case(case: Json, language: str) -> None:
    print_line(f"{_CASE.to(language)} {case['case_id']}: {either(case['state_words'], language)}, {case['why']}")
    titles = (words.TIME, _DONE, _STATE, _WHO, words.REASON)
    lines = [[local_time(j["at"]), j["action"], j["after"], j["actor"], j["why"]] for j in case["journal"]]
    print_table("", [title.to(language) for title in titles], lines)


def _row(case: Json, language: str) -> list[str]:
    return [
        str(case["case_id"]),
        words.number_of(case),
        f"{case['maker']} {case['model']}",
        case["payer"]["code"],
        either(case["state_words"], language),
        case["since"],
        case["clocks"]["pick_up_by"] or NOTHING,
        money(case["rent_sek_per_month"], language),
        money(case["saved_sek_so_far"], language),
    ]
