"""A table of each message's fields for the guide: type and bounds from the schema, meaning in a sentence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fleet.contract.schemas import struct_schema

_TS: Final = "when it happened, milliseconds since 1970-01-01 UTC by the device's clock"
_BOOT: Final = "how many times the device has started"
_SEQ: Final = "number of the message within its boot, from 1, over telemetry, event and reply together"
_ASK: Final = "asks for a receipt: the lowest `seq` of this boot that the device still keeps"
_NUMBERED: Final = {"ts": _TS, "boot": _BOOT, "seq": _SEQ, "outbox_from": _ASK}

NOTES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Birth": {
            "ts": _TS,
            "boot": _BOOT,
            "device_class": "class, as the catalogue names it",
            "model": "model key, as the catalogue names it",
            "firmware": "version of what speaks the contract, such as `2.10.1`",
            "metrics": "metric keys it will send",
            "attributes": "further facts as texts; `outbox.given_up` counts messages lost for want of memory",
        },
        "Presence": {
            "ts": _TS,
            "boot": _BOOT,
            "online": "true once connected; false before it leaves, and as last will",
        },
        "Reading": {
            **_NUMBERED,
            "values": "metric key to number, true/false, or null for not measured; in the model's own names and units",
        },
        "Occurrence": {
            **_NUMBERED,
            "event": "event name, as the catalogue names it",
            "data": "what belongs to it; `fault_raised` and `fault_cleared` need `system` and `code`, and may have"
            " `subcode`, `module`, `text`, `count`",
        },
        "Reply": {
            **_NUMBERED,
            "command_id": "the command it answers",
            "status": "what became of it; `delivered` and `running` may come before the last word",
            "reason": "a sentence for a person, where it did not succeed",
            "result": "what was asked for, in the form that *Results* above gives it",
        },
        "CommandMessage": {
            "command_id": "to be repeated in the reply",
            "name": "command, as the catalogue names it",
            "counter": "rises with every command to this device; one seen before is never executed again",
            "issued_at": "when it was sent, by the platform's clock, in milliseconds",
            "not_after": "after this instant it must not be executed, in milliseconds",
            "parameters": "parameter name to number or short text, within the bounds of the catalogue",
        },
        "Receipt": {
            "boot": "the boot it speaks of",
            "seq": "everything up to and with this number is committed; 0 is nothing yet",
        },
        "FreezeFrame": {
            "ts": "when it was frozen, by the device's clock, in milliseconds",
            "operating_state": "what the device was doing, as the catalogue names it",
            "values": "what it measured then, as in telemetry",
        },
        "FaultLogEntry": {
            "system": "the native system that names the code",
            "code": "the code as that system spells it",
            "subcode": "a finer code beside it",
            "module": "the part of the device that reported it",
            "count": "how often it has come since it was first seen",
            "first_seen": "when it first came, milliseconds",
            "last_seen": "when it last came, milliseconds",
            "cleared_at": "when it ended, milliseconds; absent while it is active",
            "freeze_frame": "what the device measured and did when it appeared",
        },
        "FaultReport": {
            "system": "the native system that names the code, such as `r-net`",
            "code": "the code as that system spells it",
            "subcode": "a finer code beside it",
            "module": "the part of the device that reported it",
            "text": "the device's own words",
            "count": "how often it has come since it was first seen",
            "first_seen": "when it first came, milliseconds",
            "last_seen": "when it last came, milliseconds",
        },
        "SenmlRecord": {
            "bver": "version; 10 or absent",
            "bn": "base name: put before every `n` from here on",
            "bt": "base time in seconds since 1970; added to every `t`",
            "bu": "base unit: holds where `u` is absent",
            "bv": "base value: added to every `v`",
            "n": "metric key, after the base name",
            "u": "unit, checked against the catalogue's (SenML symbols are translated to UCUM)",
            "v": "number",
            "vb": "true or false",
            "vs": "text; not accepted as a value",
            "t": "time in seconds, after the base time; absolute",
            "fk_boot": "boot, in the first record",
            "fk_seq": "number of the first moment in the pack, in the first record; later moments count on from it",
            "fk_outbox_from": "asks for a receipt, in the first record",
        },
    }
)
_COUNTED: Final = {
    "integer": ("whole number", "minimum", "maximum", ""),
    "string": ("text", "minLength", "maxLength", "letters"),
    "array": ("list", "minItems", "maxItems", "entries"),
    "object": ("object", "minProperties", "maxProperties", "entries"),
}


def table(struct: type[msgspec.Struct]) -> str:
    """The fields of a message as a table in Markdown."""
    definition = struct_schema(struct)
    required = set(definition.get("required", ()))
    rows = ["| field | type | | meaning |", "|---|---|---|---|"]
    for name, declared in definition["properties"].items():
        need = "required" if name in required else ""
        rows.append(f"| `{name}` | {_type(declared)} | {need} | {NOTES[struct.__name__][name]} |")
    return "\n".join(rows)


def _type(declared: dict[str, Any]) -> str:
    if "enum" in declared:
        return ", ".join(f"`{word}`" for word in declared["enum"])
    if "anyOf" in declared:
        options = [option for option in declared["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(_type(option) for option in options))
    if "$ref" in declared:
        return "object"
    kind = declared["type"]
    word, low, high, of = _COUNTED.get(kind, (kind, "", "", ""))
    return _bounds(word, declared.get(low), declared.get(high), of)


def _bounds(kind: str, low: int | None, high: int | None, of: str = "") -> str:
    if low is None and high is None:
        return kind
    most = {2**53: "2^53", 2**31 - 1: "2^31-1"}.get(high or 0, str(high))
    span = f"{low if low is not None else 0}–{most}" if high is not None else f"at least {low}"
    return f"{kind}, {span} {of}".rstrip()
