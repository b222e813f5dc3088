"""`fjarrkoll bench diagnosis`: planted causes, and how often the diagnosis finds them."""

import json
from typing import Annotated

import typer

from fleet.errors import ConfigurationError, FjarrkollError


class BarMissedError(FjarrkollError):
    """The diagnosis is worse than promised."""


def measure_diagnosis(
    *,
    tuning: Annotated[bool, typer.Option("--tuning", help="The seeds rules were set on, not the judged")] = False,
    cases: Annotated[int, typer.Option(min=50, max=5_000, help="Cases for each seed")] = 600,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")] = False,
) -> None:
    """Plant causes in simulated devices and judge what the diagnosis says of them.

    Ends with code 1 below the bars, or where mixed-up knowledge passes. Example: fjarrkoll bench diagnosis --json
    """
    try:
        from benchmarks.diagnosis.run import JUDGED_SEEDS, TUNING_SEEDS, as_text, run  # noqa: PLC0415 - see below
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    outcome = run(TUNING_SEEDS if tuning else JUDGED_SEEDS, cases)
    typer.echo(json.dumps(outcome.as_dict(), indent=2) if as_json else as_text(outcome))
    if not outcome.as_dict()["passes"]:
        raise BarMissedError("the diagnosis is below its bars, or the control passed")
