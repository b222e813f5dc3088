"""Evidence of a wheelchair for the tests of diagnosis; each test overrides what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fleet.diagnosis.evidence import DayValues, Evidence, SeenFault
from fleet.dictionary import knowledge_of
from fleet.registry import load_registry

NOW: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
PROFILE: Final = load_registry()["wheelchair"]
KNOWLEDGE: Final = knowledge_of(PROFILE)


def evidence(model: str = "pg-vr2", **changes: Any) -> Evidence:
    days = frozenset(NOW.date() - timedelta(days=day) for day in range(30))
    charged = tuple(NOW - timedelta(days=day) for day in range(29, -1, -1))
    fields: dict[str, Any] = {
        "now": NOW,
        "profile": PROFILE,
        "model": PROFILE.model(model),
        "last_seen_at": NOW - timedelta(minutes=5),
        "heard_days": days,
        "events": {"charge_started": charged, "charge_complete": charged},
        "readings": {"battery.soc": series(95), "battery.voltage": series(25.4)},
        "clock_doubted": 0.0,
        "unused_days": 0,
        "fleet": {"silent_nearby": 0.0},
    }
    return Evidence(**(fields | changes))


def series(*values: float, days: int = 14) -> tuple[DayValues, ...]:
    """So many days up to now; the last value holds for the rest."""
    filled = [*values, *[values[-1]] * (days - len(values))]
    return tuple(
        DayValues(NOW.date() - timedelta(days=days - 1 - number), value, value, value, value)
        for number, value in enumerate(filled)
    )


def fault(system: str, native: str, code: str | None, days_ago: float = 2, **changes: Any) -> SeenFault:
    fields: dict[str, Any] = {
        "system": system,
        "native_code": native,
        "code": code,
        "raised_at": NOW - timedelta(days=days_ago),
    }
    return SeenFault(**(fields | changes))


def episodes(system: str, native: str, code: str, times: int = 5) -> tuple[SeenFault, ...]:
    """A fault that comes and goes; the latest stay ended an hour after it began."""
    return tuple(
        fault(system, native, code, day + 0.5, cleared_at=NOW - timedelta(days=day + 0.5) + timedelta(hours=1))
        for day in range(times)
    )
