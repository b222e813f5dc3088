"""Judges a golden frame: runs its bytes through codec and normaliser, and says in words where the result differs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from fleet.clock import to_milliseconds
from fleet.codec import decode, decode_telemetry
from fleet.errors import RejectedMessageError, TopicError
from fleet.faults import NativeCode
from fleet.messages import Birth, FaultReport, Occurrence, Presence, Reply
from fleet.normalise import Normaliser
from fleet.topics import UPWARD, Verb, parse
from tests.profiles.cases import GoldenFrame

ALWAYS: Final = frozenset({"about", "source", "topic"})
SOMETIMES: Final = frozenset({"firmware", "content_type", "payload_text", "payload_hex"})
OUTCOMES: Final = frozenset({"stored", "message", "fault", "faults", "rejected"})
KINDS: Final[dict[Verb, type[Any]]] = {
    Verb.EVENT: Occurrence, Verb.BIRTH: Birth, Verb.STATE: Presence, Verb.REPLY: Reply
}  # fmt: skip
# A float4 keeps seven digits; half a unit of the seventh is as near as the store can tell.
SEVEN_DIGITS: Final = Decimal("5e-7")


def problems(frame: GoldenFrame) -> list[str]:
    """Everything that is not as the frame says; empty when all is."""
    return [*_of_the_file(frame), *_of_the_outcome(frame)]


def _of_the_file(frame: GoldenFrame) -> Iterator[str]:
    fields = set(frame.content)
    if missing := ALWAYS - fields:
        yield f"lacks {sorted(missing)}"
    if strange := fields - ALWAYS - SOMETIMES - OUTCOMES:
        yield f"has {sorted(strange)}, which the README does not know"
    if len(fields & {"payload_text", "payload_hex"}) != 1:
        yield "needs exactly one of payload_text and payload_hex"
    if not fields & OUTCOMES:
        yield "expects nothing"
    if frame.model is None:
        yield f"comes from a model or firmware that class {frame.profile.name} does not describe"


def _of_the_outcome(frame: GoldenFrame) -> Iterator[str]:
    expected = frame.content.get("rejected")
    try:
        found = list(_differences(frame))
    except (RejectedMessageError, TopicError) as refused:
        if expected is None:
            yield f"was refused: {refused}"
        elif (reason := getattr(refused, "reason", "unknown_topic")) != expected["reason"]:
            yield f"was refused as {reason}, not as {expected['reason']}"
        elif expected["advice"] not in str(refused):
            yield f"its advice {str(refused)!r} does not contain {expected['advice']!r}"
    else:
        if expected is not None:
            yield f"was not refused, though {expected['reason']} was expected"
        yield from found


def _differences(frame: GoldenFrame) -> Iterator[str]:
    _, verb = parse(frame.content["topic"])
    if verb not in UPWARD:
        yield f"its topic is a {verb}, which no device sends"
    elif verb is Verb.TELEMETRY:
        yield from _telemetry(frame)
    else:
        message = decode(frame.payload, KINDS[verb])
        yield from _unequal("message", frame.content.get("message", {}), msgspec.to_builtins(message))
        yield from _faults(frame, message)


def _telemetry(frame: GoldenFrame) -> Iterator[str]:
    normaliser = Normaliser(frame.profile, frame.model)
    readings, units = decode_telemetry(frame.payload, frame.content.get("content_type"))
    found = [(reading, normaliser.normalise(reading.values, units)) for reading in readings]
    expected = frame.content.get("stored", [])
    if len(found) != len(expected):
        yield f"{len(found)} readings, {len(expected)} expected"
    for (reading, normalised), wanted in zip(found, expected, strict=False):
        at = to_milliseconds(datetime.fromisoformat(wanted["at"]))
        if (reading.ts, reading.boot, reading.seq) != (at, wanted["boot"], wanted["seq"]):
            yield f"({reading.ts}, {reading.boot}, {reading.seq}) is not ({at}, {wanted['boot']}, {wanted['seq']})"
        yield from _unequal("values", wanted["values"], normalised.values, whole=True)
        yield from _unequal("unknown", wanted.get("unknown", {}), normalised.unknown, whole=True)


def _faults(frame: GoldenFrame, message: object) -> Iterator[str]:
    reported: list[tuple[str, str]] = []
    if isinstance(message, Occurrence) and "fault" in frame.content:
        reported = [(str(message.data["system"]), str(message.data["code"]))]
    elif isinstance(message, Reply) and "faults" in frame.content:
        reports = msgspec.convert(message.result["faults"], list[FaultReport])
        reported = [(report.system, report.code) for report in reports]
    known = frame.profile.faults_by_native
    found = [known[NativeCode(*code)].code if NativeCode(*code) in known else None for code in reported]
    expected = frame.content.get("faults", [frame.content["fault"]] if "fault" in frame.content else [])
    if found != expected:
        yield f"faults {found} are not {expected}"


def _unequal(what: str, expected: Mapping[str, Any], found: Mapping[str, Any], *, whole: bool = False) -> Iterator[str]:
    if whole and set(expected) != set(found):
        yield f"{what}: {sorted(found)} stored, {sorted(expected)} expected"
    for key in expected.keys() & found.keys() if whole else expected:
        if not _same(expected[key], found.get(key)):
            yield f"{what}: {key} is {found.get(key)!r}, not {expected[key]}"


def _same(expected: object, found: object) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool) or not isinstance(expected, int | Decimal):
        return expected == found and isinstance(expected, bool) == isinstance(found, bool)
    if not isinstance(found, int | float):
        return False
    if isinstance(found, int):
        return found == expected
    return abs(Decimal(found) - expected) <= SEVEN_DIGITS * max(abs(Decimal(expected)), Decimal(1))
