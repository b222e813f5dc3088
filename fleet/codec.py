"""The only decoder and encoder: bytes become typed messages here, and typed messages become bytes."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from fleet import senml
from fleet.errors import RejectedMessageError, RejectionReason, shown
from fleet.messages import (
    MAXIMUM_PAYLOAD,
    SENML_CONTENT,
    Birth,
    CommandMessage,
    Occurrence,
    Presence,
    Reading,
    Receipt,
    Reply,
)

Message = TypeVar("Message")

_NO_UNITS: Final[Mapping[str, str]] = MappingProxyType({})
_encoder: Final = msgspec.json.Encoder()
_telemetry: Final = msgspec.json.Decoder(Reading | list[Reading])
_DECODERS: Final[dict[type[Any], msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Birth, CommandMessage, Occurrence, Presence, Receipt, Reply)
}
_IDENTITY: Final = {
    name: re.compile(rb'"(?:fk_)?' + name + rb'"\s*:\s*(\d{1,16})(?![\d.eE])') for name in (b"boot", b"seq")
}
# RFC 8428 section 4.4: a label that ends in _ must be understood, and none of ours does.
_MUST_UNDERSTAND: Final = re.compile(rb'"(\w*_)"\s*:')
# An escaped U+0000 (an even number of backslashes before it): valid JSON, but no PostgreSQL text can hold it.
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode(message: msgspec.Struct | list[Reading]) -> bytes:
    """The bytes of one message, or of an array of stored-up readings: compact UTF-8 JSON."""
    return _encoder.encode(message)


def decode_telemetry(payload: bytes, content_type: str | None = None) -> tuple[list[Reading], Mapping[str, str]]:
    """The readings of a telemetry payload (one, or the stored-up ones of an array) and the units it states.

    Our own JSON states no units, they live in the profile; SenML does, as UCUM per metric name for the border to check.

    Args:
        payload: the bytes as they arrived.
        content_type: the MQTT 5 content type; SenML JSON is understood, anything else is read as our JSON.

    Raises:
        RejectedMessageError: the payload is too large, not UTF-8, not JSON, or not of the contract's shape.
    """
    if content_type == SENML_CONTENT:
        pack = _checked(payload, senml.PACK)
        if label := _MUST_UNDERSTAND.search(payload):
            raise RejectedMessageError(
                RejectionReason.WRONG_SHAPE,
                f"SenML label {shown(label[1].decode())} is not understood here: leave it out",
            )
        return senml.readings(pack), senml.units(pack)
    decoded = _checked(payload, _telemetry)
    if isinstance(decoded, list):
        if not decoded:
            raise RejectedMessageError(
                RejectionReason.WRONG_SHAPE, "an empty array carries no reading; send at least one"
            )
        return decoded, _NO_UNITS
    return [decoded], _NO_UNITS


def decode(payload: bytes, kind: type[Message]) -> Message:
    """One message of `kind` (a class of `fleet.messages`).

    Raises:
        RejectedMessageError: as `decode_telemetry`.
    """
    message: Message = _checked(payload, _DECODERS[kind])
    return message


def identity_of(payload: bytes) -> tuple[int, int] | None:
    """(boot, seq) found by eye in a payload that could not be decoded, or None.

    A rejected message is kept in quarantine; with its identity known the device gets its receipt and stops repeating.
    """
    found = [pattern.search(payload[:MAXIMUM_PAYLOAD]) for pattern in _IDENTITY.values()]
    if any(match is None for match in found):
        return None
    boot, seq = (int(match[1]) for match in found if match is not None)
    return (boot, seq) if boot < 2**31 and 1 <= seq <= 2**53 else None


def _checked(payload: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:  # noqa: ANN401 - the decoder decides
    if len(payload) > MAXIMUM_PAYLOAD:
        raise RejectedMessageError(
            RejectionReason.TOO_LARGE,
            f"{len(payload)} bytes; at most {MAXIMUM_PAYLOAD} are read: split the readings over several messages",
        )
    if b"\\u0000" in payload and _ESCAPED_NUL.search(payload):
        raise RejectedMessageError(
            RejectionReason.WRONG_SHAPE, "a text holds the character U+0000, which cannot be stored: leave it out"
        )
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(payload, error) from error


def _refusal(payload: bytes, error: Exception) -> RejectedMessageError:
    """What is wrong with a payload that did not decode: its bytes, its depth, its shape, or that it is no JSON."""
    try:
        payload.decode()
    except UnicodeDecodeError as wrong:
        return RejectedMessageError(
            RejectionReason.NOT_UTF8, f"byte {wrong.start} is not UTF-8: the payload must be UTF-8 JSON text"
        )
    if isinstance(error, RecursionError):
        return RejectedMessageError(
            RejectionReason.WRONG_SHAPE, "nested too deeply: no message of the contract needs more than four levels"
        )
    if isinstance(error, msgspec.ValidationError):
        return RejectedMessageError(
            RejectionReason.WRONG_SHAPE,
            f"{shown(str(error), 160)}: compare with the message's JSON Schema in docs/contract",
        )
    return RejectedMessageError(
        RejectionReason.NOT_JSON,
        f"{shown(str(error), 120)}: send one JSON object or array; NaN and Infinity are not JSON",
    )
