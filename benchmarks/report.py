"""The figures of one or several runs as a page of text, and as JSON. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from benchmarks.results import Run

_LABEL: Final = 44
_QUIET: Final = 0.05
"""Share of the machine that other programs may take before a run counts as disturbed."""

# What is printed of each run: label, unit, figure.
Line = tuple[str, str, Callable[[Run], float]]


def as_json(runs: Sequence[Run]) -> bytes:
    """All runs, whole, with what follows from them, and the medians over the runs."""
    return msgspec.json.encode({"runs": [_as_document(run) for run in runs], "median": medians(runs)})


def medians(runs: Sequence[Run]) -> dict[str, float]:
    """The figures people quote, each the median over the runs."""
    figures: dict[str, Callable[[Run], float]] = {
        "broker_messages_per_second": lambda run: run.broker.speed.per_second,
        "copy_rows_per_second": lambda run: run.copy.per_second,
        "idempotent_rows_per_second": lambda run: run.idempotent_write.per_second,
        "end_to_end_messages_per_second": lambda run: run.end_to_end.messages.per_second,
        "end_to_end_rows_per_second": lambda run: run.end_to_end.rows.per_second,
        "peer_messages_per_second": lambda run: run.peer.messages.per_second,
        "ingest_peak_mebibytes": lambda run: run.end_to_end.ingest_peak_mebibytes,
        "ingest_growth_mebibytes": lambda run: run.end_to_end.ingest_growth_mebibytes,
    }
    found = {name: statistics.median(map(figure, runs)) for name, figure in figures.items()}
    ratios = [run.ratios() for run in runs]
    return found | {name: statistics.median(entry[name] for entry in ratios) for name in ratios[0]}


def as_text(runs: Sequence[Run]) -> str:
    """The page."""
    first = runs[0]
    size = f"{first.readings_per_message} reading(s), {first.payload_bytes:.0f} bytes"
    parts = [
        f"{_spaced(first.messages)} messages of {size}, from {_spaced(first.devices)} devices; QoS 1, durable",
        *_machine(first),
        *(_disturbed(number, run) for number, run in enumerate(runs, 1) if _elsewhere(run) > _QUIET),
        "",
        *([_row("", "median", "lowest … highest")] if len(runs) > 1 else []),
        *(_measured(runs, line) for line in _speeds()),
        "",
        "CPU, µs per message end to end (share of the cores)",
        *_costs(runs),
        _row("ingest's peak memory", f"{_middle(runs, _peak):.0f} MiB"),
        _row("  of it under load, above idle", f"{_middle(runs, _growth):.0f} MiB"),
        "",
        *(_counted(run) for run in runs),
    ]
    return "\n".join(parts)


def _speeds() -> list[Line]:
    return [
        ("broker ceiling (mosquitto_sub -q 1)", "messages/s", lambda run: run.broker.speed.per_second),
        ("plain COPY ceiling", "rows/s", lambda run: run.copy.per_second),
        ("idempotent write ceiling", "rows/s", lambda run: run.idempotent_write.per_second),
        ("end to end", "messages/s", lambda run: run.end_to_end.messages.per_second),
        ("end to end", "rows/s", lambda run: run.end_to_end.rows.per_second),
        ("peer script (aiomqtt + executemany)", "messages/s", lambda run: run.peer.messages.per_second),
        ("end to end ÷ broker ceiling", "", lambda run: run.ratios()["end_to_end_of_broker"]),
        ("rows ÷ plain COPY", "", lambda run: run.ratios()["rows_of_copy"]),
        ("rows ÷ idempotent write ceiling", "", lambda run: run.ratios()["rows_of_idempotent_write"]),
        ("end to end ÷ peer script", "", lambda run: run.ratios()["end_to_end_of_peer"]),
    ]


def _measured(runs: Sequence[Run], line: Line) -> str:
    label, unit, figure = line
    values = sorted(map(figure, runs))
    digits = 0 if unit else 2
    middle, lowest, highest = (_spaced(value, digits) for value in (statistics.median(values), values[0], values[-1]))
    return _row(label, f"{middle} {unit}".rstrip(), f"{lowest} … {highest}" if len(runs) > 1 else "")


def _row(label: str, value: str, spread: str = "") -> str:
    return f"{label:<{_LABEL}}{value:>20}   {spread}".rstrip()


def _spaced(number: float, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return f"{number:,.{digits}f}".replace(",", " ")


def _costs(runs: Sequence[Run]) -> list[str]:
    each = [run.end_to_end.costs.microseconds_each(run.messages) for run in runs]
    shares = [_shares(run) for run in runs]
    return [
        _row(
            f"  {name}",
            f"{statistics.median(entry[name] for entry in each):.1f} µs",
            f"{statistics.median(entry[name] for entry in shares):.0%}",
        )
        for name in each[0]
    ]


def _machine(run: Run) -> list[str]:
    machine = run.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    where = f"{machine.cores} cores of {machine.processor}, {machine.memory_gibibytes:.0f} GiB, Linux {machine.kernel}"
    disk = f"{machine.file_system} with {machine.sync_milliseconds:.2f} ms per sync"
    return [f"machine: {where}, {disk}; load before {machine.load_before:.2f}", f"versions: {versions}"]


def _counted(run: Run) -> str:
    check = run.end_to_end.check
    counts = ", ".join(
        f"{name} {getattr(check, name)}"
        for name in ("expected", "stored", "lost", "duplicated", "altered", "unexpected", "quarantined")
    )
    return f"counted in the database: {counts}" + "".join(f"; {complaint}" for complaint in check.complaints())


def _disturbed(number: int, run: Run) -> str:
    return f"run {number} was disturbed: others took {_elsewhere(run):.0%} of the machine, so its rates are too low"


def _elsewhere(run: Run) -> float:
    return _shares(run)["elsewhere"]


def _shares(run: Run) -> Mapping[str, float]:
    return run.end_to_end.costs.shares(run.end_to_end.messages.seconds, run.machine.cores)


def _peak(run: Run) -> float:
    return run.end_to_end.ingest_peak_mebibytes


def _growth(run: Run) -> float:
    return run.end_to_end.ingest_growth_mebibytes


def _middle(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    return statistics.median(map(figure, runs))


def _as_document(run: Run) -> dict[str, Any]:
    """A run as plain values, with the rates, ratios and costs per message that its numbers mean."""
    chain = run.end_to_end
    return {
        **msgspec.to_builtins(run),
        "rates": {
            "broker_messages_per_second": run.broker.speed.per_second,
            "copy_rows_per_second": run.copy.per_second,
            "idempotent_rows_per_second": run.idempotent_write.per_second,
            "end_to_end_messages_per_second": chain.messages.per_second,
            "end_to_end_rows_per_second": chain.rows.per_second,
            "peer_messages_per_second": run.peer.messages.per_second,
        },
        "ratios": run.ratios(),
        "microseconds_per_message": chain.costs.microseconds_each(run.messages),
        "shares_of_machine": _shares(run),
    }
