"""Example of the idle list, as the documentation shows it."""

from typing import Any, Final

IDLE: Final[dict[str, Any]] = {
    "items": [
        {
            "device_id": "d-k7x2m4qpza",
            "individual_number": "1234567",
            "held": False,
            "device_class": "wheelchair",
            "maker": "Permobil",
            "model": "M3 Corpus",
            "payer": {"code": "kommun-07", "name": "Kommun 07"},
            "legal_frame": "HSL",
            "last_seen": "2026-11-21T13:05:12Z",
            "last_used": "2026-10-12",
            "use": {
                "verdict": "unused",
                "step": "propose",
                "since": "2026-10-12",
                "days": 40,
                "reason": {
                    "sv": "Senast använt 2026-10-12: 40 dagar med data utan användning till och med 2026-11-21.",
                    "en": "Last used 2026-10-12: 40 days of data without use up to 2026-11-21.",
                },
                "would_change": {"sv": "En använd dag.", "en": "A used day."},
                "in_use": 0.02,
                "in_use_low": 0.01,
                "in_use_high": 0.02,
                "opinion": "agrees",
                "judged_at": "2026-11-21T13:00:00Z",
            },
            "recent_days": "UUUUUnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
            "other_device": None,
            "rent_sek_per_month": "410.00",
            "cost_sek_so_far": "538.81",
        }
    ],
    "next_cursor": None,
    "summary": {
        "today": "2026-11-21",
        "judged_at": "2026-11-21T13:00:00Z",
        "devices": 1200,
        "on_loan": 1100,
        "can_report": 240,
        "reported": 215,
        "proven_unused": 7,
        "unknown": 885,
        "rent_sek_per_month_proven_unused": "2870.00",
        "by_verdict": [{"verdict": "unused", "step": "propose", "devices": 7, "rent_sek_per_month": "2870.00"}],
        "meaning": {
            "sv": "7 av 215 hjälpmedel med data är oanvända; om 885 av 1100 uthyrda vet vi inget.",
            "en": "7 of 215 devices with data are unused; of 885 of the 1100 on loan nothing is known.",
        },
    },
}

_ROW: Final[dict[str, Any]] = {
    "name": "Kommun 07",
    "on_loan": 1100,
    "can_report": 240,
    "reported": 215,
    "proven_unused": 7,
    "proposed": 5,
    "rent_sek_per_month": "137500.00",
    "cost_sek_so_far": "4810.40",
    "saving_sek_per_month": "2050.00",
    "saving_sek_per_year": "24600.00",
}
MONEY: Final[dict[str, Any]] = {
    "judged_at": "2026-11-21T13:00:00Z",
    "by": "payer",
    "groups": 1,
    "items": [_ROW],
    "total": {**_ROW, "name": ""},
    "meaning": {
        "sv": "7 av 215 hjälpmedel med data är oanvända; om 885 av 1100 uthyrda vet vi inget.",
        "en": "7 of 215 devices with data are unused; of 885 of the 1100 on loan nothing is known.",
    },
}
