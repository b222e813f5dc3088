"""Whether a device may be called online: only while an answer of its own has just been received; pure.

The minute counts from when the server received the answer, by its own clock: what a device's clock says is not asked.
What a device has said of its connection, its last will included, is what it said then: a broker that was killed tells
no last will, and a line that is half-open tells it late. So "connected" in `state` is never handed on as a claim.
"""

from datetime import datetime, timedelta
from typing import Final

from fleet.clock import aware

JUST_NOW: Final = timedelta(minutes=1)
"""For so long after it was received an answer speaks for the device."""


def just_answered(answered_at: datetime | None, now: datetime) -> bool:
    """Whether an answer of the device itself was received within the last minute.

    Args:
        answered_at: when its latest answer to a command was received, aware; None where there is none.
        now: aware.
    """
    return answered_at is not None and abs(aware(now) - aware(answered_at)) < JUST_NOW


def online(answered_at: datetime | None, said: bool | None, now: datetime) -> bool | None:  # noqa: FBT001 - as it was said
    """Whether it is online: True where an answer was just received, False where it was told to have left, else unknown.

    Args:
        answered_at: as of `just_answered`.
        said: the latest `state` of the device, its last will included; None where it has never said.
        now: aware.
    """
    if just_answered(answered_at, now):
        return True
    return False if said is False else None
