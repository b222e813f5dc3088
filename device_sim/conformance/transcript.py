"""What was heard of one device and said to it: the raw material of a judgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fleet.messages import CommandMessage
from fleet.topics import Verb


class Purpose(StrEnum):
    """Why a command was sent."""

    READ_FAULTS = "read_faults"
    REPLAYED = "replayed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    UNSAFE = "unsafe"
    RESTART = "restart"
    AFTER_RESTART = "after_restart"


@dataclass(frozen=True, slots=True)
class Said:
    """One message under a topic of the device, from the device or to it.

    Attributes:
        at: seconds since listening began.
        retained: it is the broker's copy, from before listening began.
    """

    at: float
    verb: Verb
    payload: bytes
    retained: bool = False
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One command sent on purpose."""

    at: float
    purpose: Purpose
    command: CommandMessage


@dataclass(slots=True)
class Transcript:
    """A session with one device.

    Attributes:
        began: when listening began.
        seconds: how long it lasted.
        kept: what the broker keeps for newcomers at the end.
        commanding: whether commands could be sent.
    """

    device_id: str
    began: datetime
    seconds: float = 0.0
    said: list[Said] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    kept: Mapping[Verb, bytes] = field(default_factory=dict)
    commanding: bool = False

    def moment(self, at: float) -> datetime:
        """The time of day of an instant of the session."""
        return self.began + timedelta(seconds=at)
