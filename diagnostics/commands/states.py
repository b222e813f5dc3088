"""The states of a command and why it may be in one; pure.

queued -> sent -> delivered -> running -> succeeded | refused | failed
any of the first four -> expired; queued -> cancelled
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a command is; ingest and worker move it forward only."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({State.QUEUED, State.SENT, State.DELIVERED, State.RUNNING})
ANSWERED: Final = frozenset({State.SUCCEEDED, State.REFUSED, State.FAILED})
"""The device has said how it went, whether or not it did what was asked."""


class Expiry(StrEnum):
    """Why a command expired, kept as its reason."""

    NOT_SENT = "not_sent"
    NO_ANSWER = "no_answer"
    NO_RESULT = "no_result"


def expiry_of(state: State) -> Expiry:
    """Why a command in this open state expires."""
    if state is State.QUEUED:
        return Expiry.NOT_SENT
    return Expiry.NO_ANSWER if state is State.SENT else Expiry.NO_RESULT
