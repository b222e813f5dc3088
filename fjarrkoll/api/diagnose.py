"""`fjarrkoll diagnose`: what is probably wrong with a device, why, and what to do."""

from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    either,
    local_time,
    print_json,
    print_line,
    print_table,
)
from fleet.text import Text

app: Final = typer.Typer(help="Find out what is probably wrong with a device, and what to do.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]
_SHOWN: Final = 5
_CONCLUSIONS: Final = {
    "found": Text("Funnet", "Found"),
    "cannot_tell": Text("Går inte att avgöra", "Cannot tell"),
    "nothing_found": Text("Inget fel funnet", "Nothing found"),
}
_ADVICE: Final = {
    "remote": Text("lös på distans", "solve remotely"),
    "visit": Text("besök", "visit"),
    "exchange": Text("byt enheten", "exchange the unit"),
    "care": Text("ring vården", "call the care side"),
}
_PRIORITIES: Final = {
    "on_call": Text("jour, 5 timmar", "on-call, 5 hours"),
    "acute": Text("akut, 8 arbetstimmar", "acute, 8 working hours"),
    "ordinary": Text("ordinarie, 3/10 arbetsdagar", "ordinary, 3/10 working days"),
}
_BY: Final = {
    "platform": Text("på distans", "remotely"),
    "user": Text("med brukaren", "with the user"),
    "technician": Text("tekniker", "technician"),
    "care": Text("vården", "the care side"),
}
_CAUSE: Final = Text("Orsak", "Cause")
_PROBABILITY: Final = Text("Sannolikhet", "Probability")
_FOR: Final = Text("Talar för", "Speaks for")
_AGAINST: Final = Text("Talar emot", "Speaks against")
_UNKNOWN: Final = Text("Okänt", "Not known")
_DO: Final = Text("Åtgärd", "Do")
_NEXT: Final = Text("Nästa kontroll", "Next check")
_READ_ALOUD: Final = Text("Läs för brukaren", "Read to the user")
_BRING: Final = Text("Ta med", "Bring")
_PRIORITY: Final = Text("Prioritet", "Priority")
_DERIVED: Final = Text("Funnet i mätvärden", "Found from readings")
_RAW: Final = Text("Okända felkoder", "Unknown codes")
_HOURLY: Final = Text(
    "Mätvärden före {until} bedöms timme för timme, som de var sammanställda {at}",
    "Readings before {until} are judged hour by hour, as they were put together {at}",
)
_ELSE: Final = Text("Något annat", "Something else")


@app.command()
def diagnose(device: Device, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show what is probably wrong, the evidence, and what to do. Example: fjarrkoll diagnose 1234567."""
    with open_client(language) as client:
        answer = client.get(f"devices/{client.device_id(device)}/diagnosis")
    if as_json:
        print_json(answer)
    else:
        _print(answer, language)


def _print(answer: Json, language: str) -> None:
    if answer["held"]:
        print_line(words.HELD.to(language))
    print_line(f"{words.word(_CONCLUSIONS, answer['conclusion'], language)}: {either(answer['reason'], language)}")
    titles = (_CAUSE, _PROBABILITY, _FOR, _AGAINST, _UNKNOWN, _DO)
    rows = [_row(cause, language) for cause in answer["causes"][:_SHOWN]]
    rows.append([_ELSE.to(language), f"{answer['something_else']:.0%}", NOTHING, NOTHING, NOTHING, NOTHING])
    print_table("", [title.to(language) for title in titles], rows)
    for line in _lines(answer, language):
        print_line(line)


def _row(cause: Json, language: str) -> list[str]:
    return [
        either(cause["title"], language),
        f"{cause['probability']:.0%}",
        "\n".join(_weighed(item, language) for item in cause["speaks_for"]) or NOTHING,
        "\n".join(_weighed(item, language) for item in cause["speaks_against"][:_SHOWN]) or NOTHING,
        ", ".join(either(item["title"], language) for item in cause["not_known"]) or NOTHING,
        words.word(_ADVICE, cause["advice"], language),
    ]


def _weighed(item: Json, language: str) -> str:
    """A finding with its figure and how many times likelier it is with the cause: `×8` speaks for, `÷3` against."""
    factor = item["factor"]
    times = f"×{factor:.3g}" if factor >= 1 else f"÷{1 / factor:.3g}"
    return f"{times} {either(item['title'], language)} ({either(item['detail'], language)})"


def _lines(answer: Json, language: str) -> list[str]:
    lines = [f"{_NEXT.to(language)}: {_check(check, language)}" for check in answer["next_checks"][:1]]
    lines += [
        f"{_READ_ALOUD.to(language)}: {either(step['script'], language)}" for step in answer["steps"] if step["script"]
    ]
    if answer["parts"]:
        lines.append(f"{_BRING.to(language)}: {', '.join(either(part['title'], language) for part in answer['parts'])}")
    if answer["priority"]:
        lines.append(f"{_PRIORITY.to(language)}: {words.word(_PRIORITIES, answer['priority'], language)}")
    lines += [f"{_DERIVED.to(language)}: {either(f['title'], language)}" for f in answer["derived_faults"]]
    if answer.get("counted_at"):
        until, at = local_time(answer["hourly_until"]), local_time(answer["counted_at"])
        lines.append(_HOURLY.to(language).format(until=until, at=at))
    unknown = [f"{code['system']}/{code['code']} {code['text']}".rstrip() for code in answer["unknown_codes"]]
    return [*lines, f"{_RAW.to(language)}: {', '.join(unknown)}"] if unknown else lines


def _check(check: Json, language: str) -> str:
    minutes = f"{check['minutes']:g} min"
    return f"{either(check['title'], language)} ({words.word(_BY, check['by'], language)}, {minutes})"
