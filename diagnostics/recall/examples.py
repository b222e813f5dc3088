"""Examples of recall cases, as the documentation shows them."""

from typing import Any, Final

PROPOSAL: Final[dict[str, Any]] = {"payer": "kommun-07", "limit": 50, "why": "månadens genomgång"}
PROPOSED: Final[dict[str, Any]] = {"proposed": 2, "case_ids": [118, 119]}
MOVE: Final[dict[str, Any]] = {"action": "order", "why": "bekräftat av enheten", "order_number": "H-20416"}
CASE: Final[dict[str, Any]] = {
    "case_id": 118,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": False,
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "payer": {"code": "kommun-07", "name": "Kommun 07"},
    "legal_frame": "HSL",
    "prescriber": {"code": "rehab-07", "unit": "Kommunal rehab 07"},
    "state": "pick_up_ordered",
    "state_words": {"sv": "hämtorder lagd", "en": "pick-up ordered"},
    "verdict": "unused",
    "since": "2026-10-12",
    "known_until": "2026-11-21",
    "days": 40,
    "p_in_use": 0.03,
    "rent_sek_per_month": "410.00",
    "saved_sek_so_far": "0.00",
    "clocks": {
        "rent_stops": "2026-11-26",
        "pick_up_by": "2026-12-02",
        "deregister_by": "2026-12-02",
        "overdue": False,
    },
    "order_number": "H-20416",
    "snoozed_until": None,
    "proposed_at": "2026-11-21T08:00:00Z",
    "proposed_by": "analytiker-1",
    "changed_at": "2026-11-23T09:15:00Z",
    "changed_by": "analytiker-1",
    "why": "bekräftat av enheten",
    "possible": ["collect", "lose", "need", "withdraw"],
}
CASE_DETAIL: Final[dict[str, Any]] = {
    **CASE,
    "journal": [
        {
            "at": "2026-11-21T08:00:00Z",
            "before": None,
            "action": "propose",
            "after": "proposed",
            "actor": "analytiker-1",
            "why": "månadens genomgång",
        },
        {
            "at": "2026-11-22T10:00:00Z",
            "before": "proposed",
            "action": "confirm",
            "after": "confirmed_unused",
            "actor": "rehab-07",
            "why": "svar i lista: kan hämtas",
        },
    ],
}
SUMMARY: Final[dict[str, Any]] = {
    "today": "2026-11-28",
    "cases": 120,
    "open": 47,
    "by_state": [
        {
            "state": "asked",
            "words": {"sv": "förskrivaren tillfrågad", "en": "prescriber asked"},
            "cases": 31,
            "rent_sek_per_month": "6510.00",
        }
    ],
    "pick_up_overdue": 1,
    "deregister_overdue": 0,
    "rent_stopped": 52,
    "rent_stopped_sek_per_month": "10400.00",
    "saved_sek_so_far": "48211.90",
    "false_recalls": {
        "needed": 5,
        "woken_up": 1,
        "confirmed": 67,
        "answered": 73,
        "waiting": 41,
        "rate": 0.082,
        "meaning": {
            "sv": "6 av 73 besvarade förslag var fel (behövs eller används igen); 41 väntar på svar.",
            "en": "6 of 73 answered proposals were wrong (needed or used again); 41 await an answer.",
        },
    },
}
