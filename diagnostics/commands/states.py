"""The states of a command and why it may be in one; pure.

queued -> sent -> delivered -> running -> succeeded | refused | failed | cancelled | unknown
queued, sent -> expired: nothing was heard of it. delivered, running -> unknown: it was taken on, and nobody knows what
came of it. queued -> cancelled: taken back, or stopped when it was to be sent. What is final stays.
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
    UNKNOWN = "unknown"


class Approval(StrEnum):
    """Whether a second person has said yes; only a setting needs one."""

    NOT_NEEDED = "not_needed"
    AWAITING = "awaiting"
    APPROVED = "approved"
    DENIED = "denied"


OPEN: Final = frozenset({State.QUEUED, State.SENT, State.DELIVERED, State.RUNNING})
FINAL: Final = frozenset(State) - OPEN
ANSWERED: Final = frozenset({State.SUCCEEDED, State.REFUSED, State.FAILED})
"""The device has said how it went, whether or not it did what was asked."""


class Expiry(StrEnum):
    """Why a command waits or has ended without an answer, kept as its reason."""

    NOT_SENT = "not_sent"
    NO_ANSWER = "no_answer"
    NO_RESULT = "no_result"
    NOT_APPROVED = "not_approved"
    AWAITS_APPROVAL = "awaits_approval"


class Step(StrEnum):
    """Why a command moved on where all went well; where a device gives a reason of its own, that stands instead."""

    ASKED = "asked"
    HANDED_OVER = "handed_over"
    DEVICE_SAID = "device_said"


class Stopped(StrEnum):
    """Why a command was not sent after all, kept as the reason of `cancelled`."""

    TAKEN_BACK = "taken_back"
    DENIED = "denied"
    INCIDENT_HOLD = "incident_hold"
    NOT_APPROVED = "not_approved"
    ASKER_REVOKED = "asker_revoked"
    ASKER_LOST_RIGHT = "asker_lost_right"
    ASKER_LOST_SIGHT = "asker_lost_sight"
    APPROVER_REVOKED = "approver_revoked"
    APPROVER_LOST_RIGHT = "approver_lost_right"
    APPROVER_LOST_SIGHT = "approver_lost_sight"
    SAME_PERSON = "same_person"


def expiry_of(state: State) -> Expiry:
    """Why a command in this open state expires."""
    if state is State.QUEUED:
        return Expiry.NOT_SENT
    return Expiry.NO_ANSWER if state is State.SENT else Expiry.NO_RESULT
