"""Examples of readiness, as the documentation shows them."""

from typing import Any, Final

LIST: Final[dict[str, Any]] = {"devices": ["1234567", "1234568"]}
ITEM: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": False,
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "firmware": "2.10.1",
    "verdict": "unknown",
    "reason": {"sv": "Okänt: klocka.", "en": "Unknown: clock."},
    "checked_at": "2026-11-24T08:00:00Z",
    "checks": [
        {
            "name": "clock",
            "answer": "unknown",
            "reason": {"sv": "Om klockan går rätt är inte känt.", "en": "Whether its clock is right is not known."},
            "find_out": {"sv": "Ställ klockan.", "en": "Set its clock."},
            "commands": ["sync_clock"],
        }
    ],
}
ANSWER: Final[dict[str, Any]] = {
    "items": [ITEM],
    "next_cursor": None,
    "counts": {"ready": 0, "not_ready": 0, "unknown": 1, "not_found": 1},
    "not_found": ["1234568"],
}
STAGED: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "held": False,
    "staged": [
        {"command": "sync_clock", "command_id": "8f14e45f-ceea-467f-a0e6-9c1d2b3a4f50", "refused": None},
    ],
}
APPROVAL: Final[dict[str, Any]] = {"note": "Provad i verkstaden v. 46."}
SCHEDULE: Final[dict[str, Any]] = {"every_days": 365, "source": "bruksanvisningen, avsnitt 9"}
MODEL: Final[dict[str, Any]] = {
    "model_key": "permobil-m3",
    "device_class": "wheelchair",
    "maker": "Permobil",
    "name": "M3 Corpus",
    "software": [
        {
            "version": "2.10.1",
            "wanted": True,
            "approved_at": "2026-11-10T08:00:00Z",
            "approved_by": "administrator-1",
            "withdrawn_at": None,
            "withdrawn_by": None,
            "note": "",
        }
    ],
    "schedule": [
        {
            "kind": "inspection",
            "every_days": 365,
            "source": "bruksanvisningen, avsnitt 9",
            "set_by": "administrator-1",
            "set_at": "2026-11-10T08:00:00Z",
        }
    ],
}
SERVICE: Final[dict[str, Any]] = {"kind": "inspection", "done_on": "2026-11-20", "passed": True, "note": ""}
