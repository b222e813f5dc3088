"""From a device's stored state to what the engine looks at; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from diagnostics.alarms.engine import Case, Rest
from diagnostics.doses.supervising import Supervised
from fleet.clock import from_milliseconds
from fleet.rules import Gathered, Sample, Snapshot

AREA_RULES: Final[Mapping[str, Gathered]] = MappingProxyType(
    {"area_contact_lost": Gathered.CONTACT, "area_power_lost": Gathered.POWER}
)


@dataclass(frozen=True, slots=True)
class Past:
    """The past of one device that its rules asked for, as in `Snapshot`."""

    readings: Mapping[str, Any] = field(default_factory=dict)
    days: Mapping[str, Any] = field(default_factory=dict)
    occurrences: Mapping[str, Any] = field(default_factory=dict)


def case_of(  # noqa: PLR0913 - what one judgement looks at
    row: Mapping[str, Any],
    watermark: datetime | None,
    supervised: Supervised | None = None,
    past: Past | None = None,
    *,
    past_known: bool = True,
    areas_known: bool = True,
) -> Case:
    """The engine's case of one row of the query `states`.

    Where no ingest has ever run, nothing is known about absence: the watermark is then the device's own last sign of
    life, so that no silence is found.
    """
    last_seen: datetime | None = row["last_seen_at"]
    known, doses = past or Past(), supervised.doses if supervised else None
    snapshot = Snapshot(
        values={key: Sample(entry[0], from_milliseconds(int(entry[1]))) for key, entry in row["metric_values"].items()},
        events=_moments(row["latest_events"]),
        active_faults=_moments(row["faults"]),
        last_seen=last_seen,
        first_seen=row["first_seen_at"],
        watermark=watermark or last_seen or from_milliseconds(0),
        since=row["loan_started_at"],
        readings=known.readings,
        days=known.days,
        occurrences=known.occurrences,
        doses=doses.doses if doses else None,
        standing=supervised.standing if supervised else None,
        schedule=supervised.schedule if supervised else None,
    )
    alarms: Mapping[str, list[Any]] = row["alarms"]
    return Case(
        snapshot=snapshot,
        open_rules=frozenset(rule for rule, entry in alarms.items() if entry[0]),
        holds=_moments(row["holds"]),
        on_loan=row["on_loan"],
        quiet=frozenset(rule for rule, entry in alarms.items() if entry[1]),
        opened=_moments({rule: entry[2] for rule, entry in alarms.items()}),
        lingering=_moments({rule: entry[3] for rule, entry in alarms.items()}),
        happened=_moments({rule: entry[4] for rule, entry in alarms.items()}),
        raised_lately={rule: int(entry[5]) for rule, entry in alarms.items()},
        rests={
            rule: Rest(from_milliseconds(int(entry[6])), from_milliseconds(int(entry[7])))
            for rule, entry in alarms.items()
            if entry[6] is not None
        },
        area=frozenset(AREA_RULES[rule] for rule in row["lost"] if rule in AREA_RULES),
        past=past_known,
        areas_known=areas_known,
    )


def _moments(stored: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: from_milliseconds(int(at)) for name, at in stored.items() if at is not None}
