"""The error catalogue of the shared domain: every class names a situation, every message says what to do."""

from enum import StrEnum


class FjarrkollError(Exception):
    """Root of every error this project raises on purpose."""


class ProfileError(FjarrkollError):
    """A device profile contradicts itself or another profile, and is refused at start."""


class UnknownDeviceClassError(FjarrkollError):
    """No profile describes this device class."""


class TopicError(FjarrkollError):
    """A topic or a device id does not fit the contract `fk/v1/{device_id}/{verb}`."""


class ConfigurationError(FjarrkollError):
    """A setting is missing or contradicts another; the message names it."""


class RejectionReason(StrEnum):
    """Why a message is in quarantine; stable words, shown in tables and metrics."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    TOO_LARGE = "too_large"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_UNIT = "unknown_unit"
    WRONG_CLASS = "wrong_class"
    UNKNOWN_COMMAND = "unknown_command"
    CONFLICT = "conflict"


class RejectedMessageError(FjarrkollError):
    """A message that cannot be stored as what it claims to be; it is kept in quarantine with this reason.

    Args:
        reason: the stable word.
        advice: one sentence for the person who reads the quarantine: what is wrong and what to do. Device-supplied text
            in it is already shortened and free of control characters (`shown`).
    """

    def __init__(self, reason: RejectionReason, advice: str) -> None:
        super().__init__(f"{reason}: {advice}")
        self.reason = reason
        self.advice = advice


def shown(value: object, limit: int = 60) -> str:
    """A device-supplied value made safe for a sentence: `repr` without control characters, `limit` long at most."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
