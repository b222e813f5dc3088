"""Examples of the devices' answers, as the documentation shows them."""

from typing import Any, Final

from diagnostics.alarms.examples import ALARM
from diagnostics.faults.examples import FAULT

PAYER: Final = {"code": "kommun-07", "name": "Kommun 07"}

USE: Final[dict[str, Any]] = {
    "verdict": "used",
    "step": "none",
    "since": "2026-11-20",
    "days": 1,
    "reason": {
        "sv": "Senast använt 2026-11-20 (1 dagar före senaste data).",
        "en": "Last used 2026-11-20 (1 days before the newest data).",
    },
    "would_change": {"sv": "Fler dagar utan användning.", "en": "More days without use."},
}

DEVICE_ITEM: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "payer": PAYER,
    "legal_frame": "HSL",
    "stock_state": "on_loan",
    "can_report": True,
    "online": True,
    "first_seen": "2026-05-02T08:11:40Z",
    "last_seen": "2026-11-21T13:05:12Z",
    "last_used": "2026-11-20",
    "use": USE,
    "open_alarms": 0,
    "held": False,
}

DEVICE: Final[dict[str, Any]] = {
    **DEVICE_ITEM,
    "serial_number": "SN-0007",
    "firmware": "2.10.1",
    "model_key": "permobil-m3",
    "idle_policy": "indoor",
    "basic_equipment": False,
    "depot": None,
    "enrolled_at": "2026-05-01T12:00:00Z",
    "loan": {
        "payer": PAYER,
        "legal_frame": "HSL",
        "started_at": "2026-05-02T00:00:00Z",
        "prescriber_unit": "Rehab Syd",
    },
    "state": [
        {
            "metric": "battery.soc",
            "title": {"sv": "Laddningsnivå", "en": "State of charge"},
            "unit": "%",
            "known": True,
            "value": 87.5,
            "happened_at": "2026-11-21T13:05:11Z",
            "known_at": "2026-11-21T13:05:12Z",
            "age_seconds": 40,
            "why_unknown": None,
        },
        {
            "metric": "battery.soh",
            "title": {"sv": "Batterihälsa", "en": "Battery health"},
            "unit": "%",
            "known": False,
            "value": None,
            "happened_at": None,
            "known_at": None,
            "age_seconds": None,
            "why_unknown": {"sv": "Har aldrig rapporterats.", "en": "Has never been reported."},
        },
    ],
    "latest_events": [
        {
            "event": "charge_started",
            "title": {"sv": "Laddning började", "en": "Charging started"},
            "happened_at": "2026-11-20T20:14:00Z",
        }
    ],
    "active_faults": [FAULT],
    "alarms": [ALARM],
}

READINGS: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "held": False,
    "metric": "battery.soc",
    "unit": "%",
    "from": "2026-11-20T00:00:00Z",
    "to": "2026-11-21T00:00:00Z",
    "downsampled": False,
    "bucket_seconds": None,
    "points": [{"at": "2026-11-20T08:00:00Z", "known_at": "2026-11-20T08:00:01Z", "value": 87.5}],
    "buckets": [],
}

EVENT: Final[dict[str, Any]] = {
    "at": "2026-11-20T08:00:00Z",
    "known_at": "2026-11-20T08:00:01Z",
    "event": "dose_taken",
    "title": {"sv": "Dos tagen", "en": "Dose taken"},
    "audience": "care",
    "data": {},
    "clock_corrected": False,
}
