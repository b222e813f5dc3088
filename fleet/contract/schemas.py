"""JSON Schema (draft 2020-12) of every message, made from the typed messages that the codec decodes with."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fleet.messages import (
    Birth,
    CommandMessage,
    FaultLogEntry,
    FaultReport,
    FreezeFrame,
    Occurrence,
    Presence,
    Reading,
    Receipt,
    Reply,
    SenmlRecord,
)

VERSION: Final = "1"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "birth": Birth,
        "state": Presence,
        "telemetry": Reading | list[Reading],
        "telemetry-senml": list[SenmlRecord],
        "event": Occurrence,
        "reply": Reply,
        "command": CommandMessage,
        "stored": Receipt,
        "fault-report": FaultReport,
        "fault-log-entry": FaultLogEntry,
        "freeze-frame": FreezeFrame,
    }
)
"""Name of a document to the type the codec decodes it into."""

PARTS: Final = frozenset({"fault-report", "fault-log-entry", "freeze-frame"})
"""Documents that describe a part of an answer and are no message of their own."""


def schema(name: str) -> dict[str, Any]:
    """The schema of one message, self-contained.

    What a schema cannot say (payload limit, no U+0000 in a text, whole numbers without a point) is in the guide.
    """
    body = _tidy(msgspec.json.schema(SCHEMAS[name]))
    identified = {"$schema": DIALECT, "$id": f"urn:fjarrkoll:contract:{VERSION}:{name}", "title": name}
    return {**identified, **_special(name, body)}


def struct_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The object schema of one struct, without references."""
    definition: dict[str, Any] = _tidy(msgspec.json.schema(struct))["$defs"][struct.__name__]
    return definition


def _special(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the codec asks beyond the types."""
    if name == "telemetry":
        reading = {"$ref": "#/$defs/Reading"}
        array = {"type": "array", "minItems": 1, "items": reading}
        return {
            "description": "One reading, or the stored-up ones of an array.",
            "oneOf": [reading, array],
            **_rest(body),
        }
    if name == "telemetry-senml":
        record = {"$ref": "#/$defs/SenmlRecord"}
        first = {"allOf": [record, {"required": ["fk_boot", "fk_seq"]}]}
        pack = {"type": "array", "minItems": 1, "prefixItems": [first], "items": record}
        return {"description": "A SenML pack (RFC 8428) whose first record numbers it.", **pack, **_rest(body)}
    return body


def _rest(body: dict[str, Any]) -> dict[str, Any]:
    return {"$defs": body["$defs"]}


def _tidy(part: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Descriptions without the indentation of a docstring, and without a default that only says "absent"."""
    if isinstance(part, list):
        return [_tidy(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _tidy(inner) for key, inner in part.items() if (key, inner) != ("default", None)}
    if isinstance(kept.get("description"), str):
        kept["description"] = inspect.cleandoc(kept["description"])
    return kept
