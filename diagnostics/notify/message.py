"""What a notification says, pure: for machines as JSON, for people as a sentence; nothing that identifies a person."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from fleet.clock import STOCKHOLM, aware
from fleet.text import Text

_SOMETHING: Final = Text("Ett larm väntar på dig", "An alarm waits for you")
_SAFETY: Final = Text("AKUT", "URGENT")


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
    audience: str = "technical"
    title: Text = _SOMETHING
    class_title: Text = _SOMETHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who a message is for; without one it is for the installation's own channels.

    Attributes:
        recipient_id: of the register; None for the installation.
        audiences: views of a device that the receiver's role sees; of an alarm outside them only its existence is told.
        address: personal data: shown nowhere.
        link: the page where this receiver takes the alarm; empty where links are not set up.
    """

    recipient_id: int | None = None
    audiences: AbstractSet[str] = frozenset()
    language: str = "sv"
    address: str = field(default="", repr=False)
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One notification ready to be sent.

    Attributes:
        key: the same at every attempt, so that a receiver can drop repeats.
        body: JSON in UTF-8.
        title, text: for people, in the receiver's language; the text includes the link.
        address: the receiver's, of the channel it goes through; empty for the installation's channels.
        kind: "raised" or "cleared".
    """

    key: str
    body: bytes
    title: str = ""
    text: str = ""
    address: str = field(default="", repr=False)
    kind: str = "raised"


def key_of(alarm_id: int, kind: str, call_no: int = 0, recipient_id: int | None = None) -> str:
    """The key of one message: the same at every attempt, another for every call and recipient."""
    call = "" if call_no == 0 else f"-{call_no}"
    recipient = "" if recipient_id is None else f"-r{recipient_id}"
    return f"alarm-{alarm_id}-{kind}{call}{recipient}"


def compose(subject: Subject, kind: str, api_url: str, call_no: int = 0, receiver: Receiver | None = None) -> Message:
    """The message of one alarm being raised or cleared.

    Args:
        subject: the alarm.
        kind: "raised" or "cleared".
        api_url: where the API is reached, for the link; the reader still needs a token to see more.
        call_no: which call of the alarm's ladder this is, from 0.
        receiver: whom it is for.
    """
    to = receiver or Receiver()
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
    if to.link:
        body["acknowledge_url"] = to.link
    title = _title(subject, kind, to)
    return Message(
        key=key_of(subject.alarm_id, kind, call_no, to.recipient_id),
        body=msgspec.json.encode(body),
        title=title,
        text=_text(subject, kind, title, to),
        address=to.address,
        kind=kind,
    )


def _title(subject: Subject, kind: str, to: Receiver) -> str:
    """Only what the receiver's role may see; the number is enough to find the alarm with a login."""
    shown = subject.audience in to.audiences
    what = (
        f"{subject.class_title.to(to.language)}: {subject.title.to(to.language)}"
        if shown
        else _SOMETHING.to(to.language)
    )
    if kind == "cleared":
        over = Text(f"Larm {subject.alarm_id} har upphört", f"Alarm {subject.alarm_id} has ended").to(to.language)
        return f"{over}: {what}" if shown else over
    return f"{_SAFETY.to(to.language)}! {what}" if subject.safety else what


def _text(subject: Subject, kind: str, title: str, to: Receiver) -> str:
    if kind == "cleared":
        return f"{title}."
    local = subject.raised_at.astimezone(STOCKHOLM)
    number = Text(f"Larm {subject.alarm_id} kl. {local:%H:%M}.", f"Alarm {subject.alarm_id} at {local:%H:%M}.")
    take = Text(f" Ta larmet: {to.link}", f" Take it: {to.link}").to(to.language) if to.link else ""
    return f"{title}. {number.to(to.language)}{take}"


def _zulu(moment: datetime) -> str:
    return aware(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")
