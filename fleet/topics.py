"""The only place that spells an MQTT topic: `fk/v1/{device_id}/{verb}`."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from fleet.errors import TopicError, shown

PREFIX: Final = "fk/v1"

PANELS: Final = "fk/panel"
"""Wall panels, outside the devices' topics as well."""

MARKS: Final = "fk/ingest"
"""Outside the devices' topics, so that no device can speak or hear there."""

# Opaque pseudonym: no wildcard, slash or space can be part of it (CVE-2017-7650), and nothing in it tells the user.
DEVICE_ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")
_KEY: Final = re.compile(r"[a-z0-9-]{1,80}")
_BEGINNING: Final = f"{PREFIX}/"
# User names with rights of their own in deploy/mosquitto/acl.
SERVICE_NAMES: Final = frozenset({"ingest", "diagnostics", "observer"})
_PARSE: Final = re.compile(rf"{PREFIX}/({DEVICE_ID_PATTERN.pattern})/([a-z]+)")


class Verb(StrEnum):
    """What a message is; the last level of its topic."""

    BIRTH = "birth"
    STATE = "state"
    TELEMETRY = "telemetry"
    EVENT = "event"
    REPLY = "reply"
    COMMAND = "command"
    STORED = "stored"


UPWARD: Final = (Verb.BIRTH, Verb.STATE, Verb.TELEMETRY, Verb.EVENT, Verb.REPLY)
DOWNWARD: Final = (Verb.COMMAND, Verb.STORED)
RETAINED: Final = frozenset({Verb.BIRTH, Verb.STATE})


def is_device_id(text: str) -> bool:
    """Whether `text` may be a device id; the name of a service of the broker may not, it would come with its rights."""
    return text not in SERVICE_NAMES and DEVICE_ID_PATTERN.fullmatch(text) is not None


def topic(device_id: str, verb: Verb) -> str:
    """The topic of one device and verb.

    Raises:
        TopicError: the device id does not fit the contract.
    """
    if not is_device_id(device_id):
        raise TopicError(f"device id {shown(device_id)}: use 3-40 lower-case letters, digits and hyphens")
    return f"{PREFIX}/{device_id}/{verb}"


def parts(text: str) -> tuple[str, str]:
    """Device id and verb as they stand, unchecked: for those who look both up and `parse` what they did not find."""
    device_id, _, verb = text.removeprefix(_BEGINNING).partition("/")
    return device_id, verb


def parse(text: str) -> tuple[str, Verb]:
    """Device id and verb of a topic.

    Raises:
        TopicError: it is not one of ours.
    """
    match = _PARSE.fullmatch(text)
    if match is None or match[2] not in Verb.__members__.values():
        raise TopicError(f"topic {shown(text)}: expected {PREFIX}/{{device_id}}/{{verb}}")
    return match[1], Verb(match[2])


def mark_topic(shard: str) -> str:
    """Where an ingest shard speaks to itself: what comes back says how far the broker's queue has been worked off."""
    return f"{MARKS}/{shard}"


def panel_topic(panel: str, key: str) -> str:
    """Where one alarm stands on one wall panel.

    Args:
        panel: the panel's name, of the same form as a device id.
        key: the alarm's key: letters, digits and hyphens.

    Raises:
        TopicError: one of them does not fit.
    """
    if DEVICE_ID_PATTERN.fullmatch(panel) is None or _KEY.fullmatch(key) is None:
        raise TopicError(f"panel {shown(panel)}: use 3-40 lower-case letters, digits and hyphens")
    return f"{PANELS}/{panel}/{key}"


def upward_filters(verbs: Iterable[Verb] = UPWARD) -> tuple[str, ...]:
    """Subscription filters for what devices send: everything, or some of it."""
    return tuple(f"{PREFIX}/+/{verb}" for verb in verbs)
