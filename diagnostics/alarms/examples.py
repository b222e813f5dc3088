"""Example of an alarm, as the documentation shows it."""

from typing import Any, Final

ALARM: Final[dict[str, Any]] = {
    "alarm_id": 42,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "7654321",
    "held": False,
    "device_class": "dispenser",
    "rule": "jam",
    "severity": "critical",
    "safety": True,
    "title": {"sv": "Automaten har fastnat", "en": "The dispenser is jammed"},
    "reason": {"sv": "aktivt fel: MED-MEC-01", "en": "active fault: MED-MEC-01"},
    "happened_at": "2026-11-21T07:59:58Z",
    "raised_at": "2026-11-21T08:00:00Z",
    "state": "open",
    "late": False,
    "times": 1,
    "taken_at": None,
    "taken_by": None,
    "plan": "",
    "handed_to": None,
    "cleared_at": None,
    "cleared_why": None,
    "closed_by": None,
    "verdict": None,
    "told_through": None,
    "parent_id": None,
    "area": None,
}

ALARM_DETAIL: Final[dict[str, Any]] = {
    **ALARM,
    "corrected_at": None,
    "journal": [
        {"at": "2026-11-21T08:00:00Z", "kind": "raised", "actor": "engine", "care_unit": "", "note": "", "late": False}
    ],
    "at_risk": [],
    "children": [],
}

PRECISION: Final[dict[str, Any]] = {
    "items": [
        {
            "device_class": "dispenser",
            "rule": "jam",
            "raised": 12,
            "taken": 12,
            "late": 0,
            "judged_true": 9,
            "judged_false": 1,
            "judged_expected": 0,
            "precision": 0.9,
        }
    ]
}

BACKTEST: Final[dict[str, Any]] = {
    "rule": "battery_low",
    "device_class": "dispenser",
    "devices": 40,
    "silent_devices": 2,
    "alarms": 3,
    "still_open": 0,
    "noted_late": 0,
    "alarming_devices": 2,
    "examples": [
        {
            "device_id": "d-k7x2m4qpza",
            "happened_at": "2026-11-20T03:00:00Z",
            "raised_at": "2026-11-20T03:00:02Z",
            "ended_at": "2026-11-20T09:30:00Z",
            "late": False,
            "reason": {"sv": "battery.level är 19, under gränsen 20", "en": "battery.level is 19, below the limit 20"},
        }
    ],
}
