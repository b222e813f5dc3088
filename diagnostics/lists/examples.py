"""Examples of letters and import reports, as the documentation shows them."""

from typing import Any, Final

LETTER: Final[dict[str, Any]] = {
    "prescriber": {"code": "rehab-07", "unit": "Kommunal rehab 07"},
    "devices": 1,
    "subject": "Ett hjälpmedel som inte verkar användas",
    "body": "Till Kommunal rehab 07\n\n- Ärende 118: individnummer 1234567, Permobil M3 Corpus, senast använt"
    " 2026-10-12 (40 dagar med data till och med 2026-11-21)\n",
}
UNITS: Final[dict[str, Any]] = {
    "items": [
        {
            "prescriber": {"code": "rehab-07", "unit": "Kommunal rehab 07"},
            "payer": {"code": "kommun-07", "name": "Kommun 07"},
            "cases": 12,
            "rent_sek_per_month": "2460.00",
        }
    ]
}
REPORT: Final[dict[str, Any]] = {
    "sheet": "Återlämning",
    "dry_run": False,
    "rows": 12,
    "without_answer": 10,
    "taken": 1,
    "unchanged": 0,
    "refused": 1,
    "outcomes": [
        {"row": 3, "outcome": "taken", "case_id": 118, "state": "confirmed_unused", "reason": None},
        {
            "row": 7,
            "outcome": "refused",
            "case_id": None,
            "state": None,
            "reason": {"sv": "Skriv varför hjälpmedlet behövs.", "en": "Say why the device is needed."},
        },
    ],
}
