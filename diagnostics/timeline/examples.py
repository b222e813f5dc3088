"""Example of a timeline's entry, as the documentation shows it."""

from typing import Any, Final

ENTRY: Final[dict[str, Any]] = {
    "at": "2026-11-24T06:11:00Z",
    "happened_at": "2026-11-24T06:11:00Z",
    "known_at": "2026-11-24T07:40:02Z",
    "clocks_differ": True,
    "kind": "fault",
    "entry_id": "4711-raised",
    "title": {"sv": "Fel uppstod: Svagt batteri", "en": "Fault raised: Weak battery"},
    "detail": {"sv": "vr2/2", "en": "vr2/2"},
    "data": {"what": "raised", "system": "vr2", "code": "2", "fault_code": "WC-BAT-01"},
}
