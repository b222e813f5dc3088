"""`fjarrkoll import`: answers from a returned list, and the device and loan register; a report for every row."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer
from rich.console import Console
from rich.progress import Progress

from fjarrkoll.api import words
from fjarrkoll.api.client import Json, open_client
from fjarrkoll.api.output import NOTHING, JsonOption, LanguageOption, either, print_json, print_line, print_table
from fleet.errors import ConfigurationError, FjarrkollError
from fleet.list_rows import TITLES as LIST_TITLES
from fleet.list_rows import ListKind
from fleet.plumbing.settings import load_settings
from fleet.plumbing.sheets import SheetRefusedError
from fleet.plumbing.store.register_import import Report, import_register
from fleet.register_rows import TITLES
from fleet.registry import load_registry
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Take in lists: answers from prescribers, the register.")

_DRY: Final = Text("Provkörning: inget är ändrat.", "Dry run: nothing is changed.")
_ROW: Final = Text("Rad", "Row")
_OUTCOME: Final = Text("Utfall", "Outcome")
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=".xlsx or CSV")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done; change nothing")]
_MOST_SHOWN: Final = 200


class ImportRefusedError(FjarrkollError):
    """A file is not taken as a whole; the sentence says why."""


@app.command("answers")
def answers(
    file: _File, *, dry_run: _DryRun = False, as_json: JsonOption = False, language: LanguageOption = "sv"
) -> None:
    """Take answers from a returned recall list. Example: fjarrkoll import answers svar-rehab-07.xlsx --dry-run."""
    with open_client(language) as client:
        answer = client.upload("recalls/answers", file.read_bytes(), file_name=_name(file), dry_run=dry_run)
    if as_json:
        print_json(answer)
        return
    _print_outcomes([_answer_row(outcome, language) for outcome in answer["outcomes"]], language)
    counts = tuple(answer[name] for name in ("taken", "unchanged", "refused", "without_answer"))
    swedish = "Tagna {}, kända {}, nekade {}, utan svar {}.".format(*counts)
    english = "Taken {}, known {}, refused {}, without an answer {}.".format(*counts)
    _print_end(Text(swedish, english), language, dry_run=dry_run)


def _list_command(kind: ListKind, summary: str) -> None:
    """Adds the command of one list."""

    def command(
        file: _File,
        *,
        dry_run: _DryRun = False,
        title: Annotated[
            list[str] | None, typer.Option(help="A heading of the list, as field=Heading; repeat it.")
        ] = None,
        as_json: JsonOption = False,
        language: LanguageOption = "sv",
    ) -> None:
        with open_client(language) as client:
            more = {"file_name": _name(file), "dry_run": dry_run, "title": title or None}
            answer = client.upload(f"imports/{kind}", file.read_bytes(), **more)
        if as_json:
            print_json(answer)
            return
        rows = [
            [str(o["row"]), o["individual_number"], o["outcome"], either(o["reason"], language)]
            for o in answer["outcomes"]
            if o["reason"] is not None
        ]
        _print_outcomes(rows, language)
        counts = tuple(answer[name] for name in ("taken", "unchanged", "refused"))
        swedish = "Tagna {}, kända {}, nekade {}.".format(*counts)
        english = "Taken {}, known {}, refused {}.".format(*counts)
        _print_end(Text(swedish, english), language, dry_run=dry_run)

    fields = ", ".join(LIST_TITLES[kind])
    name = kind.replace("_", "-")
    command.__doc__ = f"{summary} Fields: {fields}. Example: fjarrkoll import {name} lista.xlsx --dry-run."
    app.command(name)(command)


_list_command(ListKind.ABSENCES, "Take absences from a list.")
_list_command(ListKind.LOAN_FACTS, "Take prescribed intervals, sources, borrowers and replacements from a list.")
_list_command(ListKind.REPAIRS, "Take repairs from the maintenance system's list.")
_list_command(ListKind.PLACEMENTS, "Take what lies in buffer stores from a list.")


@app.command("register")
def register(
    file: _File,
    *,
    dry_run: _DryRun = False,
    title: Annotated[
        list[str] | None,
        typer.Option(help="A heading of the list, as field=Heading; repeat it."),
    ] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Take devices and loans from a list; the same list again changes nothing, bad rows are kept with the reason.

    Fields: individual_number, device_class, model, serial_number, depot, basic_equipment, administration_service,
    acquired_on, payer, legal_frame, prescriber, loan_started. Example: fjarrkoll import register individer.xlsx
    --dry-run --title model=Artikel
    """
    titles = _titles(title or [])
    url = load_settings().need("owner_database_url")
    try:
        with psycopg.connect(url) as connection, Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(file.name, total=None)
            report = import_register(
                connection,
                file.read_bytes(),
                load_registry(),
                file_name=_name(file),
                actor=os.environ.get("USER", "owner"),
                now=datetime.now(UTC),
                dry_run=dry_run,
                titles=titles,
                tell=lambda rows: progress.update(task, completed=rows),
            )
    except SheetRefusedError as refused:
        raise ImportRefusedError(refused.reason.to(language)) from refused
    _print_report(report, language, as_json=as_json)


def _print_report(report: Report, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(report))
        return
    shown = [
        [str(o.row), o.individual_number, o.outcome, NOTHING if o.reason is None else o.reason.to(language)]
        for o in report.outcomes
        if o.reason is not None
    ]
    _print_outcomes(shown, language)
    counts = (report.registered, report.lent, report.corrected, report.unchanged, report.refused)
    swedish = "Registrerade {}, uthyrda {}, rättade {}, oförändrade {}, nekade {}.".format(*counts)
    english = "Registered {}, lent {}, corrected {}, unchanged {}, refused {}.".format(*counts)
    _print_end(Text(swedish, english), language, dry_run=report.dry_run)


def _as_json(report: Report) -> dict[str, Any]:
    names = ("sheet", "dry_run", "registered", "lent", "corrected", "unchanged", "refused")
    outcomes = [
        {
            "row": outcome.row,
            "outcome": outcome.outcome,
            "individual_number": outcome.individual_number,
            "reason": None if outcome.reason is None else {"sv": outcome.reason.sv, "en": outcome.reason.en},
        }
        for outcome in report.outcomes
    ]
    return {**{name: getattr(report, name) for name in names}, "outcomes": outcomes}


def _print_outcomes(rows: list[list[str]], language: str) -> None:
    if rows:
        titles = (_ROW, words.NUMBER, _OUTCOME, words.REASON)
        print_table("", [title.to(language) for title in titles], rows[:_MOST_SHOWN])
    if len(rows) > _MOST_SHOWN:
        print_line(f"… {len(rows) - _MOST_SHOWN} (--json)")


def _print_end(counts: Text, language: str, *, dry_run: bool) -> None:
    print_line(counts.to(language))
    if dry_run:
        print_line(_DRY.to(language))


def _answer_row(outcome: Json, language: str) -> list[str]:
    case = NOTHING if outcome["case_id"] is None else str(outcome["case_id"])
    return [str(outcome["row"]), case, outcome["state"] or outcome["outcome"], either(outcome["reason"], language)]


def _titles(given: list[str]) -> Mapping[str, str]:
    titles = dict(TITLES)
    for entry in given:
        name, _, heading = entry.partition("=")
        if name not in titles or not heading.strip():
            raise ConfigurationError(f"--title {entry!r}: write field=Heading with one of {', '.join(TITLES)}")
        titles[name] = heading.strip()
    return titles


def _name(file: Path) -> str:
    return "".join(c for c in file.name if c.isprintable() and c not in "/\\")[:120]
