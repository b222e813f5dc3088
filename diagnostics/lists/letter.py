"""The letter to a prescriber unit, pure: Swedish, in plain words, about devices and never about people."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

_ANSWER_WITHIN = timedelta(days=14)


def letter(unit: str, rows: Sequence[Mapping[str, Any]], today: date) -> tuple[str, str]:
    """Subject and body of a letter or e-mail to a prescriber unit.

    Args:
        unit: the unit's name.
        rows: its cases as the list has them, with `case_id`, `individual_number`, `maker`, `model_name`, `since`,
            `known_until`, `days` and `verdict`.
        today: the Swedish day.
    """
    many = len(rows) != 1
    subject = f"{len(rows)} hjälpmedel som inte verkar användas" if many else "Ett hjälpmedel som inte verkar användas"
    given = "hjälpmedlen" if many else "hjälpmedlet"
    until = (today + _ANSWER_WITHIN).isoformat()
    ask = (
        f"Er enhet har förskrivit {given} nedan. Uppgifter från hjälpmedlen själva visar att de inte används."
        " Hjälpmedel som bara är tysta är inte med: om dem vet vi inget."
    )
    answer = (
        "Vi ber er svara för varje hjälpmedel: behövs, kan hämtas eller förkommet. Skriv varför det behövs och gärna"
        " till vilken dag. Svara i den bifogade listan eller i Fjärrkoll. Skriv inga namn och inga personnummer."
    )
    then = (
        f"Svara senast {until}. Ingenting hämtas innan ni har svarat. Om ett hjälpmedel börjar användas igen avslutas"
        " ärendet av sig självt. Hyran upphör tre arbetsdagar efter att hämtordern lagts."
    )
    ending = "Vänliga hälsningar\nHjälpmedelscentralen"
    paragraphs = (f"Till {_plain(unit)}", ask, "\n".join(map(_line, rows)), answer, then, ending)
    return subject, "\n\n".join(paragraphs)


def _line(row: Mapping[str, Any]) -> str:
    number, model = _plain(row["individual_number"]), f"{row['maker']} {row['model_name']}"
    what = f"- Ärende {row['case_id']}: individnummer {number}, {model}"
    if row["held"]:
        what += " (AVVIKELSESPÄRR: ska lämnas orört)"
    known = f"{row['days']} dagar med data till och med {row['known_until'].isoformat()}"
    if row["verdict"] == "never_started":
        return f"{what}, aldrig använt sedan {row['since'].isoformat()} ({known})"
    return f"{what}, senast använt {row['since'].isoformat()} ({known})"


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
