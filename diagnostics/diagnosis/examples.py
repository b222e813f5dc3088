"""Examples of the diagnosis's answers, as the documentation shows them."""

from typing import Any, Final

DIAGNOSIS: Final[dict[str, Any]] = {
    "device_id": "d-4f2a91c07b3e",
    "held": False,
    "at": "2026-11-21T08:00:00Z",
    "conclusion": "found",
    "reason": {"sv": "Motorns kol är slitna (90%)", "en": "The motor's brushes are worn (90%)"},
    "priority": "acute",
    "causes": [
        {
            "cause": "motor_brushes",
            "title": {"sv": "Motorns kol är slitna", "en": "The motor's brushes are worn"},
            "probability": 0.9,
            "advice": "visit",
            "speaks_for": [
                {
                    "sign": "WC-MOT-01",
                    "title": {"sv": "Vänster motor: avbrott", "en": "Left motor: open circuit"},
                    "found": True,
                    "detail": {"sv": "vr2/2, 1 gång på 30 dygn", "en": "vr2/2, 1 time in 30 days"},
                    "factor": 4800.5,
                    "recurrence": False,
                }
            ],
            "speaks_against": [],
            "not_known": [],
            "not_explained": [],
            "basis": "assumed",
            "source": "assumed",
        }
    ],
    "nothing": 0.02,
    "something_else": 0.02,
    "found": ["motor_brushes"],
    "derived_faults": [],
    "unknown_codes": [],
    "next_checks": [
        {
            "check": "self_test",
            "title": {"sv": "Kör självtest på distans", "en": "Run the self-test remotely"},
            "by": "platform",
            "minutes": 2.0,
            "bits": 0.45,
            "tells_apart": ["motor_brushes", "motor_plug"],
        }
    ],
    "steps": [{"cause": "motor_brushes", "advice": "visit", "script": None}],
    "parts": [{"part": "brushes", "title": {"sv": "Kolsats", "en": "Set of brushes"}}],
    "known": 0.55,
    "outcomes": 0,
}
