"""`fjarrkoll bench idle`: how well the idle verdict finds unused devices, on a made-up region whose truth is known."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from fleet.errors import ConfigurationError, FjarrkollError

_IN_TIME: Final = 0.98
_FALSE: Final = 0.01


class VerdictsUnsoundError(FjarrkollError):
    """The verdicts missed a bound that they must hold; the message says which."""


def measure_idle(  # noqa: PLR0913 - each is an option of the command
    devices: Annotated[int, typer.Option(min=1000, help="Devices of the region.")] = 20_000,
    days: Annotated[int, typer.Option(min=200, max=430, help="Days of history.")] = 365,
    seed: Annotated[
        int, typer.Option(help="Of the judged region; benchmarks/README.md says which have been used.")
    ] = 1,
    processes: Annotated[int, typer.Option(min=1, max=64, help="That judge side by side.")] = 2,
    plot: Annotated[Path | None, typer.Option(help="Write the calibration plot here (SVG).")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")] = False,
) -> None:
    """Judge a made-up region on every fifth day and compare with what is true of it, and with a fixed limit.

    Ends with code 1 where a bound is missed. Example: fjarrkoll bench idle --devices 417000 --days 365
    """
    try:
        from benchmarks.idle import report  # noqa: PLC0415 - an installed copy has none
        from benchmarks.idle.trial import Setting, run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error
    setting = Setting(devices=devices, days=days, seed=seed, processes=processes)
    outcome = run(setting, lambda text: typer.echo(text, err=True))
    told = report.as_json(outcome)
    typer.echo(json.dumps(told, indent=2) if as_json else report.as_text(outcome))
    if plot is not None:
        plot.write_text(report.as_svg(outcome), encoding="utf-8")
    if missed := missed_bounds(told):
        raise VerdictsUnsoundError("; ".join(missed))


def missed_bounds(told: dict[str, Any]) -> list[str]:
    """Which bounds the trial's outcome (`report.as_json`) misses, in words; empty where it holds them all."""
    rule = told["rule"]
    bounds = {
        "fewer than 98 % of the unused were proposed in time": rule["proposed_in_time_share"] >= _IN_TIME,
        "more than 1 % of the proposals were false": rule["false_share"] <= _FALSE,
        "there was a proposal on silence": told["on_silence"] == 0,
        "there was a proposal in a registered absence": told["in_absence"] == 0,
    }
    return [words for words, well in bounds.items() if not well]
