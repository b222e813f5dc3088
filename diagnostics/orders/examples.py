"""Examples of work orders, as the documentation shows them."""

from typing import Any, Final

REQUEST: Final[dict[str, Any]] = {"faults": [4711], "description": "Ring före besök.", "parts": ["battery_pair"]}
MOVE: Final[dict[str, Any]] = {"reason": "", "technician": "verkstad-syd"}
OUTCOME: Final[dict[str, Any]] = {
    "solved": "visit",
    "cause": "worn_batteries",
    "parts_used": ["battery_pair"],
    "visits": 1,
    "first_visit_fixed": True,
    "minutes_spent": 95,
}
ITEM: Final[dict[str, Any]] = {
    "order_id": 100001,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "serial_number": "SN-0007",
    "firmware": "2.10.1",
    "payer": {"code": "kommun-07", "name": "Kommun 07"},
    "legal_frame": "HSL",
    "depot": None,
    "state": "placed",
    "priority": "ordinary",
    "title": {"sv": "Svagt batteri", "en": "Weak battery"},
    "on_hold": False,
    "description": "Ring före besök.",
    "parts": ["battery_pair"],
    "reported_at": "2026-11-24T08:00:00Z",
    "start_by": "2026-11-27T15:00:00Z",
    "done_by": "2026-12-08T15:00:00Z",
    "overdue": False,
    "technician": "verkstad-syd",
    "created_by": "technician-1",
    "started_at": None,
    "closed_at": None,
    "findings": [
        {
            "kind": "fault",
            "reference": "4711",
            "title": {"sv": "Svagt batteri", "en": "Weak battery"},
            "fault_code": "WC-BAT-01",
            "happened_at": "2026-11-24T06:11:00Z",
            "known_at": "2026-11-24T07:40:02Z",
            "noted_by": "technician-1",
        }
    ],
    "outcome": None,
}
ORDER: Final[dict[str, Any]] = {
    **ITEM,
    "transitions": [
        {"at": "2026-11-24T08:00:00Z", "state": "draft", "reason": "", "by": "technician-1"},
        {"at": "2026-11-24T08:02:00Z", "state": "placed", "reason": "", "by": "technician-1"},
    ],
    "may": ["start", "finish", "cancel"],
}
DRAFTED: Final[dict[str, Any]] = {"new": True, "added": 1, "order": ORDER}
MEASURES: Final[dict[str, Any]] = {
    "from": "2026-08-01T00:00:00Z",
    "to": "2026-11-24T08:00:00Z",
    "open_now": 12,
    "overdue_now": 1,
    "done": 40,
    "cancelled": 2,
    "visits_avoided": 15,
    "timed": 12,
    "hours_saved": 30.5,
    "visited": 25,
    "first_known": 20,
    "first_visit_rate": 0.8,
    "came_back": 1,
    "visit_minutes": 180,
    "visit_minutes_basis": "antagande: en resa och ett besök tar tre timmar",
    "recurs_days": 30,
    "meaning": {
        "sv": "15 av 40 avslutade arbetsordrar löstes utan besök.",
        "en": "15 of 40 finished work orders were solved without a visit.",
    },
}
CAUSES: Final[dict[str, Any]] = {
    "items": [
        {
            "device_class": "wheelchair",
            "model_key": "permobil-m3",
            "fault_code": "WC-BAT-01",
            "cause": "worn_batteries",
            "orders": 7,
            "solved_remotely": 0,
            "visited": 7,
            "first_visit_known": 7,
            "first_visit_fixed": 6,
            "minutes_known": 5,
            "minutes_spent": 480,
        }
    ]
}
SETTINGS: Final[dict[str, Any]] = {
    "items": [
        {
            "name": "visit_minutes",
            "value": 180,
            "basis": "antagande: en resa och ett besök tar tre timmar",
            "set_by": "",
            "set_at": "2026-11-24T08:00:00Z",
        }
    ]
}
SETTING: Final[dict[str, Any]] = {"value": 140, "basis": "tidsstudie hösten 2026, 212 besök"}
