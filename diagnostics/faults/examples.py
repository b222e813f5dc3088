"""Examples of the faults' answers, as the documentation shows them."""

from typing import Any, Final

FAULT: Final[dict[str, Any]] = {
    "fault_id": 4711,
    "system": "vr2",
    "code": "2",
    "subcode": "",
    "module": "",
    "text": "",
    "times": 3,
    "raised_at": "2026-11-20T07:41:03Z",
    "last_reported_at": "2026-11-21T07:40:00Z",
    "known_at": "2026-11-20T07:41:04Z",
    "cleared_at": None,
    "cleared_by": None,
    "source": "event",
    "known_code": True,
    "meaning": {
        "code": "WC-BAT-01",
        "severity": "high",
        "remedy": "user_with_guidance",
        "clearable": False,
        "title": {"sv": "Låg batterispänning", "en": "Battery voltage low"},
        "cause": {"sv": "Batteriet är urladdat.", "en": "The battery is discharged."},
        "action": {"sv": "Ladda över natten.", "en": "Charge overnight."},
    },
}
