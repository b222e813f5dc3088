"""Examples of every message, written by hand: good ones for the reader, bad ones to prove that the schemas bite."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

MOMENT: Final = 1_795_305_600_000  # 2026-11-22 00:00:00 UTC, in milliseconds


@dataclass(frozen=True, slots=True)
class Example:
    """One message.

    Attributes:
        title: what it shows.
        payload: its JSON value.
        device_class: class whose metrics, events or commands it names; none where it names none.
    """

    title: str
    payload: Any
    device_class: str = ""


GOOD: Final[Mapping[str, tuple[Example, ...]]] = MappingProxyType(
    {
        "birth": (
            Example(
                "a wheelchair comes up for the twelfth time",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "device_class": "wheelchair",
                    "model": "permobil-m3",
                    "firmware": "2.4.1",
                    "metrics": ["battery.soc", "drive.odometer_total", "gateway.rssi"],
                },
                "wheelchair",
            ),
            Example(
                "a device that had no room for three messages says so",
                {
                    "ts": MOMENT,
                    "boot": 13,
                    "device_class": "scale",
                    "model": "and-uc352ble",
                    "firmware": "2.0.0",
                    "metrics": ["body.weight", "battery.level"],
                    "attributes": {"outbox.given_up": "3", "gateway": "hub-4"},
                },
                "scale",
            ),
        ),
        "state": (
            Example("connected", {"ts": MOMENT, "boot": 12, "online": True}),
            Example(
                "the last will, and what a device says before it leaves", {"ts": MOMENT, "boot": 12, "online": False}
            ),
        ),
        "telemetry": (
            Example(
                "one reading",
                {"ts": MOMENT, "boot": 12, "seq": 1, "values": {"battery.soc": 87.5, "battery.charging": False}},
                "wheelchair",
            ),
            Example(
                "the same, asking for a receipt; the temperature was not measured",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 21,
                    "values": {"battery.soc": 86.0, "environment.temp": None},
                    "outbox_from": 2,
                },
                "wheelchair",
            ),
            Example(
                "stored-up readings, the last one asking",
                [
                    {"ts": MOMENT - 120_000, "boot": 12, "seq": 22, "values": {"network.rssi": -71}},
                    {"ts": MOMENT - 60_000, "boot": 12, "seq": 23, "values": {"network.rssi": -74}},
                    {"ts": MOMENT, "boot": 12, "seq": 24, "values": {"mains.present": True}, "outbox_from": 22},
                ],
                "dispenser",
            ),
        ),
        "telemetry-senml": (
            Example(
                "one moment, two values, units stated",
                [
                    {"bt": MOMENT / 1000, "fk_boot": 12, "fk_seq": 25, "n": "battery.soc", "u": "%EL", "v": 85.5},
                    {"n": "battery.voltage", "u": "V", "v": 25.1},
                    {"n": "battery.charging", "vb": True},
                ],
                "wheelchair",
            ),
        ),
        "event": (
            Example(
                "a dose was taken; the dose is known by its place in the schedule only",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 26,
                    "event": "dose_taken",
                    "data": {"sequence": 2026112201, "schedule": 1},
                },
                "dispenser",
            ),
            Example(
                "a fault, as the device's own system spells it",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 27,
                    "event": "fault_raised",
                    "data": {"system": "r-net", "code": "0905", "module": "input", "count": 2},
                },
                "wheelchair",
            ),
        ),
        "reply": (
            Example(
                "the fault codes that are active",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 28,
                    "command_id": "01JD8Q2M7P",
                    "status": "succeeded",
                    "result": {
                        "faults": [{"system": "r-net", "code": "0905", "count": 2, "first_seen": MOMENT - 3_600_000}]
                    },
                },
            ),
            Example(
                "a graded self-test",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 30,
                    "command_id": "01JD8Q2M7T",
                    "status": "succeeded",
                    "result": {
                        "grade": "warn",
                        "subsystems": {
                            "battery": {"grade": "warn", "detail": "active: vr2 1"},
                            "drive": {"grade": "not_tested", "detail": "this model has no sensor for it"},
                        },
                    },
                },
            ),
            Example(
                "refused by the interlock on the device",
                {
                    "ts": MOMENT,
                    "boot": 12,
                    "seq": 29,
                    "command_id": "01JD8Q2M7R",
                    "status": "refused",
                    "reason": "not while driving",
                },
            ),
        ),
        "command": (
            Example(
                "read the fault codes, within thirty seconds",
                {
                    "command_id": "01JD8Q2M7P",
                    "name": "read_faults",
                    "counter": 41,
                    "issued_at": MOMENT,
                    "not_after": MOMENT + 30_000,
                },
                "wheelchair",
            ),
            Example(
                "a setting, with its value",
                {
                    "command_id": "01JD8Q2M7S",
                    "name": "set_late_window_minutes",
                    "counter": 42,
                    "issued_at": MOMENT,
                    "not_after": MOMENT + 300_000,
                    "parameters": {"minutes": 45},
                },
                "dispenser",
            ),
        ),
        "stored": (
            Example("everything of boot 12 up to message 24 is committed", {"boot": 12, "seq": 24}),
            Example("nothing of boot 13 yet", {"boot": 13, "seq": 0}),
        ),
        "fault-log-entry": (
            Example(
                "a fault that has ended, with what was measured when it came",
                {
                    "system": "r-net",
                    "code": "0905",
                    "count": 1,
                    "first_seen": MOMENT - 3_600_000,
                    "last_seen": MOMENT - 3_600_000,
                    "cleared_at": MOMENT,
                    "freeze_frame": {
                        "ts": MOMENT - 3_600_000,
                        "operating_state": "driving",
                        "values": {"battery.voltage": 24.1},
                    },
                },
            ),
        ),
        "freeze-frame": (Example("on a battery that sags", {"ts": MOMENT, "values": {"battery.voltage": 21.9}}),),
        "fault-report": (
            Example(
                "one entry of the answer to read_faults",
                {"system": "gateway", "code": "rtc", "text": "clock lost", "count": 3, "last_seen": MOMENT},
            ),
        ),
    }
)

_NUMBERED: Final = {"ts": MOMENT, "boot": 1, "seq": 1}
_ASKED: Final = {"command_id": "c", "name": "read_faults", "counter": 1, "issued_at": MOMENT, "not_after": MOMENT}
_BORN: Final = {"ts": MOMENT, "boot": 1, "device_class": "scale", "model": "m", "firmware": "1", "metrics": []}

BAD: Final[Mapping[str, tuple[Example, ...]]] = MappingProxyType(
    {
        "birth": (
            Example("no model", {key: value for key, value in _BORN.items() if key != "model"}),
            Example("an empty class", {**_BORN, "device_class": ""}),
            Example("201 metrics", {**_BORN, "metrics": ["a"] * 201}),
            Example("an attribute that is a number", {**_BORN, "attributes": {"a": 1}}),
        ),
        "state": (
            Example("online in words", {"ts": MOMENT, "boot": 1, "online": "yes"}),
            Example("no boot", {"ts": MOMENT, "online": True}),
        ),
        "telemetry": (
            Example("no number", {"ts": MOMENT, "boot": 1, "values": {"a": 1}}),
            Example("numbers begin at 1", {**_NUMBERED, "seq": 0, "values": {"a": 1}}),
            Example("nothing measured", {**_NUMBERED, "values": {}}),
            Example("a value in words", {**_NUMBERED, "values": {"a": "full"}}),
            Example("a metric without a name", {**_NUMBERED, "values": {"": 1}}),
            Example("201 values", {**_NUMBERED, "values": {f"m{number}": 1 for number in range(201)}}),
            Example("a time in words", {**_NUMBERED, "ts": "2026-11-22", "values": {"a": 1}}),
            Example("a time before 1970", {**_NUMBERED, "ts": -1, "values": {"a": 1}}),
            Example("an empty array", []),
            Example("an array with one bad reading", [{**_NUMBERED, "values": {"a": 1}}, {**_NUMBERED}]),
        ),
        "telemetry-senml": (
            Example("no number", [{"bt": MOMENT / 1000, "n": "a", "v": 1}]),
            Example("an empty pack", []),
            Example("a value in words", [{"bt": MOMENT / 1000, "fk_boot": 1, "fk_seq": 1, "n": "a", "v": "full"}]),
        ),
        "event": (
            Example("no event", {**_NUMBERED}),
            Example("a name of 81 letters", {**_NUMBERED, "event": "e" * 81}),
            Example("data inside data", {**_NUMBERED, "event": "e", "data": {"a": {"b": 1}}}),
        ),
        "reply": (
            Example("an unknown status", {**_NUMBERED, "command_id": "c", "status": "done"}),
            Example("no command", {**_NUMBERED, "command_id": "", "status": "failed"}),
            Example(
                "a reason of 201 letters", {**_NUMBERED, "command_id": "c", "status": "failed", "reason": "r" * 201}
            ),
        ),
        "command": (
            Example("counters begin at 1", {**_ASKED, "counter": 0}),
            Example("a parameter that is a list", {**_ASKED, "parameters": {"minutes": [10]}}),
            Example("no end", {key: value for key, value in _ASKED.items() if key != "not_after"}),
        ),
        "stored": (
            Example("no boot", {"seq": 1}),
            Example("a number below zero", {"boot": 1, "seq": -1}),
        ),
        "fault-log-entry": (Example("a frame without its time", {"system": "r-net", "code": "1", "freeze_frame": {}}),),
        "freeze-frame": (Example("no time", {"values": {}}),),
        "fault-report": (Example("no code", {"system": "r-net"}), Example("no system", {"system": "", "code": "1"})),
    }
)
