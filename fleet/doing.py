"""What a device was last heard to be doing, pure: advice to whoever asks it for something. The device alone decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.clock import aware


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTold:
    """How an operating state is heard of from afar.

    Attributes:
        state: one of the class's operating states.
        begins, ends: events between which the device is in it.
        longest: after so long without an end nothing is concluded any more: the end may not have been heard.
    """

    state: str
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Doing:
    """What a device was last heard to begin and not to end."""

    state: str
    event: str
    since: datetime


def doing(told: tuple[StateTold, ...], latest: Mapping[str, datetime], now: datetime) -> tuple[Doing, ...]:
    """Every state a device was last heard to be in; none says nothing, for it may be in one that nobody has heard of.

    Args:
        told: how the class's states are heard of.
        latest: event to when it last happened, as far as the asker may see events.
        now: for how long ago a beginning is.

    Raises:
        ValueError: `now` is naive.
    """
    found = (_in_state(entry, latest, aware(now)) for entry in told)
    return tuple(one for one in found if one is not None)


def _in_state(told: StateTold, latest: Mapping[str, datetime], now: datetime) -> Doing | None:
    begun = max(((latest[event], event) for event in told.begins if event in latest), default=None)
    if begun is None or now - begun[0] > told.longest:
        return None
    if any(latest[event] >= begun[0] for event in told.ends if event in latest):
        return None
    return Doing(told.state, begun[1], begun[0])
