"""What can be saved of a payload that could not be read as a whole: elements of an array, identities in rubble."""

from typing import Final

import msgspec

from fleet.codec import identity_of
from fleet.messages import MAXIMUM_PAYLOAD

_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BETWEEN_OBJECTS: Final = b"},"


def elements(payload: bytes) -> list[bytes]:
    """The bytes of each element of a JSON array, unread; empty where it is no array, or no JSON at all."""
    if len(payload) > MAXIMUM_PAYLOAD:
        return []
    try:
        return [bytes(element) for element in _ARRAY.decode(payload)]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return []


def identities(payload: bytes) -> list[tuple[int, int]]:
    """Every (boot, seq) that can be made out, in order.

    An array with one NaN in it is no JSON, so it goes to quarantine as a whole. All its readings are kept there, and
    unless the device hears so it would send the same bytes for ever.
    """
    found = [identity_of(piece) for piece in payload[:MAXIMUM_PAYLOAD].split(_BETWEEN_OBJECTS)]
    return list(dict.fromkeys(identity for identity in found if identity is not None))
