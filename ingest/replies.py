"""Decides what an answer does to its command. Pure."""

from datetime import datetime
from typing import Final, NamedTuple

from fleet.messages import Reply

# The way of a command; an answer moves it forward only, and what is final stays.
_ORDER: Final = ("queued", "sent", "delivered", "running")
FINAL: Final = frozenset({"succeeded", "refused", "failed", "expired", "cancelled", "unknown"})


class CommandRow(NamedTuple):
    """A command as stored."""

    command_id: str
    device_no: int
    name: str
    state: str
    expires_at: datetime


class Effect(NamedTuple):
    """What an answer does.

    Attributes:
        late: it came after the expiry and changes nothing else.
        state: the command's new state; None where it stays as it is.
    """

    late: bool
    state: str | None


def effect(command: CommandRow, state: str, reply: Reply, received_at: datetime) -> Effect:
    """The effect of an answer on a command that is in `state` now (within a batch that may be ahead of the row)."""
    if received_at > command.expires_at:
        return Effect(late=True, state=None)
    if state in FINAL:
        return Effect(late=False, state=None)
    forward = reply.status in FINAL or _ORDER.index(reply.status) > _ORDER.index(state)
    return Effect(late=False, state=reply.status if forward else None)
