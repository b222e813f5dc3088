"""What a notification says: device, class, rule, severity, times and a link. Nothing that identifies a person."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from fleet.clock import aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The alarm a notification is about; every text is ours, none comes from a device or a register of people."""

    alarm_id: int
    device_id: str
    device_class: str
    rule: str
    severity: str
    safety: bool
    happened_at: datetime
    raised_at: datetime
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """One notification ready to be sent.

    Attributes:
        key: the same at every attempt, so that a receiver can drop repeats.
        body: JSON in UTF-8.
    """

    key: str
    body: bytes


def key_of(alarm_id: int, kind: str, call_no: int = 0, recipient_id: int | None = None) -> str:
    """The key of one message: the same at every attempt, another for every call and recipient."""
    call = "" if call_no == 0 else f"-{call_no}"
    recipient = "" if recipient_id is None else f"-r{recipient_id}"
    return f"alarm-{alarm_id}-{kind}{call}{recipient}"


def compose(subject: Subject, kind: str, api_url: str, call_no: int = 0) -> Message:
    """The message of one alarm being raised or cleared.

    Args:
        subject: the alarm.
        kind: "raised" or "cleared".
        call_no: which call of the alarm's ladder this is, from 0.
        api_url: where the API is reached, for the link; the reader still needs a token to see more.
    """
    body = {
        "kind": kind,
        "call": call_no,
        "alarm_id": subject.alarm_id,
        "device_id": subject.device_id,
        "device_class": subject.device_class,
        "rule": subject.rule,
        "severity": subject.severity,
        "safety": subject.safety,
        "happened_at": _zulu(subject.happened_at),
        "raised_at": _zulu(subject.raised_at),
        "cleared_at": None if subject.cleared_at is None else _zulu(subject.cleared_at),
        "url": f"{api_url.rstrip('/')}/api/v1/alarms/{subject.alarm_id}",
    }
    return Message(key_of(subject.alarm_id, kind, call_no), msgspec.json.encode(body))


def _zulu(moment: datetime) -> str:
    return aware(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")
