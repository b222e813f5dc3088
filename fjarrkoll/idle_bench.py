"""`fjarrkoll bench idle`: how well the idle verdict finds unused devices, on a made-up region whose truth is known."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fleet.errors import ConfigurationError, FjarrkollError


class VerdictsUnsoundError(FjarrkollError):
    """The verdicts missed a bound that they must hold; the message says which."""


def measure_idle(
    devices: Annotated[int, typer.Option(min=1000, help="Devices of the region.")] = 20_000,
    days: Annotated[int, typer.Option(min=200, max=430, help="Days of history.")] = 365,
    seed: Annotated[int, typer.Option(help="Of the judged region; it is tuned on none of these.")] = 1,
    plot: Annotated[Path | None, typer.Option(help="Write the calibration plot here (SVG).")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")] = False,
) -> None:
    """Judge a made-up region on every tenth day and compare with what is true of it, and with a fixed limit.

    Ends with code 1 where a bound is missed. Example: fjarrkoll bench idle --devices 417000 --days 365
    """
    try:
        from benchmarks.idle import report  # noqa: PLC0415 - an installed copy has none
        from benchmarks.idle.trial import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error
    outcome = run(devices, days, seed, lambda text: typer.echo(text, err=True))
    told = report.as_json(outcome)
    typer.echo(json.dumps(told, indent=2) if as_json else report.as_text(outcome))
    if plot is not None:
        plot.write_text(report.as_svg(outcome), encoding="utf-8")
    missed = [
        words
        for words, well in {
            "fewer than 98 % of the unused were proposed in time": told["proposed_in_time_share"] >= 0.98,
            "more than 1 % of the proposals were false": told["false_share"] <= 0.01,
            "there was a proposal on silence": told["on_silence"] == 0,
            "there was a proposal in a registered absence": told["in_absence"] == 0,
        }.items()
        if not well
    ]
    if missed:
        raise VerdictsUnsoundError("; ".join(missed))
