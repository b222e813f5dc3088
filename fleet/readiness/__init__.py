"""Is a device ready to be handed out? Pure: every check is ok, not ok, or unknown, and one unknown is not ready.

An unknown check says how to find out, and names the commands that would ask or mend it from afar.
"""

from fleet.readiness.checks import HEALTH_IS_GOOD_FOR, INSPECTION_VOUCHES_FOR, commands_to_stage, judge, verdict_of
from fleet.readiness.facts import (
    Answer,
    Battery,
    Check,
    CheckName,
    Facts,
    Limits,
    Readiness,
    Sample,
    Service,
    Verdict,
)

__all__ = [
    "HEALTH_IS_GOOD_FOR",
    "INSPECTION_VOUCHES_FOR",
    "Answer",
    "Battery",
    "Check",
    "CheckName",
    "Facts",
    "Limits",
    "Readiness",
    "Sample",
    "Service",
    "Verdict",
    "commands_to_stage",
    "judge",
    "verdict_of",
]
