"""Examples for the documentation; a test checks that they fit the schemas."""

from typing import Any, Final

_ROW: Final[dict[str, Any]] = {
    "payer": None,
    "area": None,
    "rule": None,
    "alarms": 65,
    "late": 1,
    "sent": 65,
    "with_receipt": 40,
    "delivered": 39,
    "taken": 61,
    "judged_true": 50,
    "judged_false": 3,
    "judged_expected": 2,
    "precision": 0.943,
    "to_sent": {"p50": 0.4, "p95": 0.8, "p99": 1.1},
    "to_delivered": {"p50": 4.0, "p95": 9.5, "p99": 31.0},
    "to_taken": {"p50": 62.0, "p95": 310.0, "p99": 540.0},
}
FIGURES: Final[dict[str, Any]] = {
    "start": "2026-11-01T00:00:00Z",
    "end": "2026-12-01T00:00:00Z",
    "overall": _ROW,
    "rows": [{**_ROW, "payer": "kommun-01", "area": "norr", "rule": "jam"}],
    "steps": [{"step": 0, "taken": 48, "of": 61}, {"step": 1, "taken": 13, "of": 61}],
}
CALLS: Final[dict[str, Any]] = {
    "alarm_id": 7,
    "calls": [
        {
            "call_no": 0,
            "step": 0,
            "called_at": "2026-11-28T08:00:03Z",
            "recipients": ["hemtjanst-natt"],
            "reason": "step",
        }
    ],
}
