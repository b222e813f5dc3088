"""When to try a notification again, pure: back-off with jitter, a receiver's own wish, and when to give up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

FIRST_DELAY: Final = timedelta(seconds=1)
LONGEST_DELAY: Final = timedelta(seconds=60)
LONGEST_WISH: Final = timedelta(minutes=5)
GIVE_UP_AFTER: Final = timedelta(hours=24)
# The receiver says that it is the moment, not the message, that is wrong (RFC 9110, RFC 6585).
_PASSING: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one attempt failed.

    Attributes:
        reason: a sentence for the log and the outbox; never contains the address, the secret or what the receiver sent.
        status: the receiver's HTTP status, None when there was none.
        retry_after: how long the receiver asked to be left alone.
    """

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after this long."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop trying, for this reason."""

    reason: str


def next_attempt(
    failure: Failure, attempts: int, age: timedelta, *, must_arrive: bool, jitter: float
) -> Again | GiveUp:
    """What to do after a failed attempt.

    Args:
        failure: what happened.
        attempts: how many there have been, this one included.
        age: since the notification was written.
        must_arrive: a safety alarm's notification is never given up.
        jitter: a random number from 0 to below 1; the delay lies between half and the whole of the back-off.
    """
    if age >= GIVE_UP_AFTER and not must_arrive:
        return GiveUp(f"not delivered within {GIVE_UP_AFTER // timedelta(hours=1)} hours: {failure.reason}")
    delay = _back_off(failure, attempts) * (0.5 + jitter / 2)
    if failure.retry_after is not None:
        delay = max(delay, min(failure.retry_after, LONGEST_WISH))
    return Again(delay)


def _back_off(failure: Failure, attempts: int) -> timedelta:
    refused = failure.status is not None and 300 <= failure.status < 500 and failure.status not in _PASSING
    if refused or attempts > 10:
        return LONGEST_DELAY
    return min(LONGEST_DELAY, FIRST_DELAY * (1 << max(0, attempts - 1)))
