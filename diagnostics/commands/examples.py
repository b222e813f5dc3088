"""Examples of commands, as the documentation shows them."""

from typing import Any, Final

REQUEST: Final[dict[str, Any]] = {"name": "read_live", "parameters": {"seconds": 5}}

COMMAND: Final[dict[str, Any]] = {
    "command_id": "2f1c7a52-6d0b-4c46-9d0b-8f1d0a6f7c11",
    "device_id": "d-k7x2m4qpza",
    "name": "read_faults",
    "title": {"sv": "Läs felkoder", "en": "Read fault codes"},
    "level": "read",
    "parameters": {},
    "state": "succeeded",
    "reason": "",
    "result": {
        "faults": [
            {
                "system": "vr2",
                "code": "2",
                "count": 3,
                "known_code": True,
                "fault_code": "WC-BAT-01",
                "severity": "high",
                "title": {"sv": "Låg batterispänning", "en": "Battery voltage low"},
            }
        ]
    },
    "requested_by": "anna-tekniker",
    "created_at": "2026-11-21T13:05:12Z",
    "expires_at": "2026-11-21T13:05:42Z",
    "sent_at": "2026-11-21T13:05:12Z",
    "answered_at": "2026-11-21T13:05:13Z",
    "late": False,
    "late_status": None,
    "late_at": None,
    "online": True,
    "held": False,
    "advice": None,
    "approval": "not_needed",
    "approved_by": None,
    "approved_at": None,
}

STEPS: Final[list[dict[str, Any]]] = [
    {"at": "2026-11-21T13:05:12Z", "state": "queued", "reason": "asked"},
    {"at": "2026-11-21T13:05:12Z", "state": "sent", "reason": "handed_over"},
    {"at": "2026-11-21T13:05:13Z", "state": "succeeded", "reason": "device_said"},
]
