"""The readable contract: docs/contract/README.md, with every number and every example from the code."""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fleet.clock import FARTHEST_AHEAD, OLDEST_BELIEVED
from fleet.contract import guide_text as text
from fleet.contract.examples import GOOD, Example
from fleet.contract.fields import table
from fleet.contract.schemas import PARTS
from fleet.errors import RejectionReason
from fleet.messages import (
    MAXIMUM_PAYLOAD,
    SENML_CONTENT,
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
from fleet.registry import Registry
from fleet.topics import DOWNWARD, PREFIX, RETAINED, Verb

_SECTIONS: Final[tuple[tuple[str, str, type[msgspec.Struct]], ...]] = (
    ("birth", "birth: who the device is", Birth),
    ("state", "state: whether it is connected", Presence),
    ("telemetry", "telemetry: what it measured", Reading),
    ("event", "event: what happened", Occurrence),
    ("command", "command: what the platform asks", CommandMessage),
    ("reply", "reply: what the device answers", Reply),
    ("stored", "stored: the receipt", Receipt),
    ("fault-report", "fault report: one entry of the answer to read_faults", FaultReport),
    ("fault-log-entry", "fault log entry: one entry of the answer to read_fault_log", FaultLogEntry),
    ("freeze-frame", "freeze-frame: what was so when a fault appeared", FreezeFrame),
    ("telemetry-senml", "telemetry in SenML", SenmlRecord),
)
_REASONS: Final[Mapping[RejectionReason, str]] = MappingProxyType(
    {
        RejectionReason.NOT_UTF8: "a byte is not UTF-8",
        RejectionReason.NOT_JSON: "it is not JSON; NaN and Infinity are not, and neither is nothing",
        RejectionReason.WRONG_SHAPE: "a field is missing, of the wrong type or out of its bounds",
        RejectionReason.TOO_LARGE: f"it is larger than {MAXIMUM_PAYLOAD // 1024} KiB",
        RejectionReason.OUT_OF_RANGE: "a value lies outside its metric's range in the catalogue",
        RejectionReason.UNKNOWN_DEVICE: "the device is not in the register",
        RejectionReason.UNKNOWN_TOPIC: "no message of the contract is sent under this topic",
        RejectionReason.UNKNOWN_UNIT: "SenML states another unit than the catalogue",
        RejectionReason.WRONG_CLASS: "class, model or event is not what the register and the catalogue know",
        RejectionReason.UNKNOWN_COMMAND: "a reply names a command that was never sent to this device",
        RejectionReason.CONFLICT: "the same boot and seq came before with other content",
    }
)


def guide(registry: Registry) -> str:
    """The whole guide."""
    filled = {
        "prefix": PREFIX,
        "topics": _topics(),
        "payload_kib": MAXIMUM_PAYLOAD // 1024,
        "payload_bytes": MAXIMUM_PAYLOAD,
        "days_back": OLDEST_BELIEVED.days,
        "minutes_ahead": int(FARTHEST_AHEAD.total_seconds() // 60),
        "senml": SENML_CONTENT,
        "classes": ", ".join(f"`{profile.name}`" for profile in registry),
        "reasons": "\n".join(f"| `{reason}` | {meaning} |" for reason, meaning in _REASONS.items()),
        "messages": "\n\n".join(_message(*section) for section in _SECTIONS),
    }
    return text.GUIDE.substitute(filled)


def _topics() -> str:
    rows = ["| topic | sent by | what | retained |", "|---|---|---|---|"]
    for verb in Verb:
        sender = "platform" if verb in DOWNWARD else "device"
        kept = "yes" if verb in RETAINED else "no"
        rows.append(f"| `{PREFIX}/{{device_id}}/{verb}` | {sender} | {text.WHAT[verb]} | {kept} |")
    return "\n".join(rows)


def _message(name: str, title: str, struct: type[msgspec.Struct]) -> str:
    lines = [f"### {title}", text.ABOUT[name], f"Schema: [schemas/{name}.json](schemas/{name}.json)", table(struct)]
    return "\n\n".join([*lines, *(_example(name, example) for example in GOOD[name])])


def _example(name: str, example: Example) -> str:
    title = example.title[0].upper() + example.title[1:]
    if name in PARTS:
        return f"{title}:\n\n```json\n{_compact(example.payload)}\n```"
    command = " \\\n".join(_publish(name, example.payload))
    return f"{title}:\n\n```sh\n{command}\n```"


def _publish(name: str, payload: Any) -> Iterable[str]:  # noqa: ANN401 - any JSON value
    """A mosquitto_pub line in parts; JSON holds no single quote here, so that a shell takes it as it stands."""
    verb = name.removesuffix("-senml")
    account = "-u diagnostics -P PASSWORD" if verb == Verb.COMMAND else "-u DEVICE_ID -P PASSWORD"
    account = "-u ingest -P PASSWORD" if verb == Verb.STORED else account
    options = " -r" if verb in RETAINED else ""
    yield f"mosquitto_pub -h HOST -p PORT -V 5 -q 1{options} {account}"
    if name.endswith("senml"):
        yield f"  -D publish content-type {SENML_CONTENT}"
    if verb == Verb.COMMAND:
        yield f"  -D publish message-expiry-interval {(payload['not_after'] - payload['issued_at']) // 1000}"
    yield f"  -t {PREFIX}/DEVICE_ID/{verb}"
    yield f"  -m '{_compact(payload)}'"


def _compact(payload: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
