"""From a device's stored state to what the engine looks at; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from diagnostics.alarms.engine import Case
from fleet.clock import from_milliseconds
from fleet.rules import Sample, Snapshot


def case_of(row: Mapping[str, Any], watermark: datetime | None) -> Case:
    """The engine's case of one row of the query `states`.

    Where no ingest has ever run, nothing is known about absence: the watermark is then the device's own last sign of
    life, so that no silence is found.
    """
    last_seen: datetime | None = row["last_seen_at"]
    snapshot = Snapshot(
        values={key: Sample(entry[0], from_milliseconds(int(entry[1]))) for key, entry in row["metric_values"].items()},
        events=_moments(row["latest_events"]),
        active_faults=_moments(row["faults"]),
        last_seen=last_seen,
        watermark=watermark or last_seen or from_milliseconds(0),
    )
    return Case(
        snapshot=snapshot,
        open_rules=frozenset(row["open_rules"]),
        holds=_moments(row["holds"]),
        on_loan=row["on_loan"],
    )


def _moments(stored: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: from_milliseconds(int(milliseconds)) for name, milliseconds in stored.items()}
