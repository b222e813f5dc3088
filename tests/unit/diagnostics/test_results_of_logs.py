"""What of a fault log, a burst and a log a caller sees: other audiences' values are gone wherever they stand."""

from typing import Any

from diagnostics.commands.results import visible_result
from fleet.registry import load_registry
from fleet.signals import Audience

WHEELCHAIR = load_registry()["wheelchair"]
MODEL = WHEELCHAIR.models[0]
TECHNICAL = frozenset({Audience.TECHNICAL})
VALUES = {"battery.soc": 80.0, "seat.tilt_angle": 12.0, "never.declared": 1.0}


def seen(result: dict[str, object], audiences: frozenset[Audience] = TECHNICAL) -> dict[str, Any]:
    return visible_result(WHEELCHAIR, MODEL.key, "1.0.0", result, audiences)


def test_a_freeze_frame_shows_only_what_the_caller_may_see() -> None:
    shown = seen({"log": [{"system": "vr2", "code": "1", "freeze_frame": {"ts": 1, "values": VALUES}}]})
    (entry,) = shown["log"]
    assert entry["freeze_frame"]["values"] == {"battery.soc": 80.0}
    assert entry["fault_code"] == "WC-BAT-01"


def test_every_sample_of_a_burst_is_filtered() -> None:
    shown = seen({"values": VALUES, "samples": [{"ts": 1, "values": VALUES}, {"ts": 2, "values": VALUES}]})
    assert shown == {
        "values": {"battery.soc": 80.0},
        "samples": [{"ts": 1, "values": {"battery.soc": 80.0}}, {"ts": 2, "values": {"battery.soc": 80.0}}],
    }


def test_the_devices_own_log_is_for_technicians() -> None:
    result: dict[str, object] = {"lines": [{"ts": 1, "level": "info", "text": "boot"}]}
    assert seen(result) == result
    assert seen(result, frozenset({Audience.CARE})) == {}
