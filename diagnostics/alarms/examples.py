"""Example of an alarm, as the documentation shows it."""

from typing import Any, Final

ALARM: Final[dict[str, Any]] = {
    "alarm_id": 42,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "7654321",
    "device_class": "dispenser",
    "rule": "jam",
    "severity": "critical",
    "safety": True,
    "title": {"sv": "Automaten har fastnat", "en": "The dispenser is jammed"},
    "reason": {"sv": "aktivt fel: MED-MEC-01", "en": "active fault: MED-MEC-01"},
    "happened_at": "2026-11-21T07:59:58Z",
    "raised_at": "2026-11-21T08:00:00Z",
    "taken_at": None,
    "taken_by": None,
    "cleared_at": None,
    "cleared_why": None,
}
