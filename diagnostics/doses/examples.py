"""Examples of doses and schedules, as the documentation shows them."""

from typing import Any, Final

SCHEDULE: Final[dict[str, Any]] = {
    "version": 3,
    "times": ["08:00", "20:00"],
    "weekdays": [0, 1, 2, 3, 4, 5, 6],
    "late_minutes": 60,
    "unknown_minutes": 15,
    "valid_from": "2026-11-21T11:00:00Z",
    "entered_by": "sjukskoterska-07",
    "entered_at": "2026-11-21T10:58:00Z",
}

DOSES: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "held": False,
    "supervised": True,
    "standing": "present",
    "standing_since": None,
    "schedules": [SCHEDULE],
    "absences": [],
    "roll_verified_at": None,
    "doses": [
        {
            "sequence": 2026112201,
            "due_at": "2026-11-22T07:00:00Z",
            "outcome": "taken",
            "since": "2026-11-22T07:06:00Z",
            "told": True,
            "late": False,
            "known_at": "2026-11-22T07:06:01Z",
            "first_outcome": "taken",
        }
    ],
}

UNSUPERVISED: Final[dict[str, Any]] = {
    "items": [{"device_id": "d-k7x2m4qpza", "individual_number": "7654321", "held": False, "payer": "kommun-07"}]
}
