"""A device speaks with nothing but mosquitto_pub: what is right is seen at once, what is wrong is refused or kept."""

import json
import time
from typing import Any

import pytest

from device_sim.dirt import MALFORMED
from tests.fixtures.system import RunningSystem, within


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def reading(seq: int, **values: float) -> bytes:
    body = {"ts": now_ms(), "boot": 1, "seq": seq, "values": {key.replace("__", "."): v for key, v in values.items()}}
    return json.dumps(body).encode()


def known_value(system: RunningSystem, device_id: str, metric: str) -> float | None:
    state = system.get(f"/devices/{device_id}")["state"]
    return next((entry["value"] for entry in state if entry["metric"] == metric and entry["known"]), None)


def test_a_message_with_the_devices_own_credentials_is_visible_through_the_api_within_two_seconds(
    running_system: RunningSystem,
) -> None:
    chair = running_system.enroll("wheelchair", "pg-vr2")
    sent = running_system.publish(chair, f"fk/v1/{chair.device_id}/telemetry", reading(1, battery__soc=87.5))
    assert sent.returncode == 0, sent.stderr
    value, took = within(2.0, lambda: known_value(running_system, chair.device_id, "battery.soc"))
    assert value == pytest.approx(87.5)
    assert took < 2.0


def test_a_device_cannot_speak_for_another_one(running_system: RunningSystem) -> None:
    mine, other = (running_system.enroll("wheelchair", "pg-vr2") for _ in range(2))
    sent = running_system.publish(mine, f"fk/v1/{other.device_id}/telemetry", reading(1, battery__soc=11))
    assert "not authorized" in sent.stderr.lower()
    # The control: under its own name the same message goes through, so by now the forged one would have as well.
    running_system.publish(mine, f"fk/v1/{mine.device_id}/telemetry", reading(1, battery__soc=12))
    within(2.0, lambda: known_value(running_system, mine.device_id, "battery.soc"))
    assert known_value(running_system, other.device_id, "battery.soc") is None


def test_a_wrong_password_lets_nobody_in(running_system: RunningSystem) -> None:
    chair = running_system.enroll("wheelchair", "pg-vr2")
    forged = type(chair)(**{**_fields(chair), "password": "guessed"})
    sent = running_system.publish(forged, f"fk/v1/{chair.device_id}/telemetry", reading(1, battery__soc=50))
    assert sent.returncode != 0


WRONG: dict[str, tuple[bytes, str]] = {
    **{name: (payload, "") for name, payload in MALFORMED.items() if name != "empty"},
    "out of range": (b'{"ts":%d,"boot":1,"seq":7,"values":{"battery.soc":450}}', "0..100"),
    "another class's verb": (b'{"ts":%d,"boot":1,"seq":8,"event":"drive_started"}', ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_kept_in_quarantine_with_advice_and_the_stream_goes_on(
    running_system: RunningSystem, name: str
) -> None:
    chair = running_system.enroll("wheelchair", "pg-vr2")
    topic = f"fk/v1/{chair.device_id}/telemetry"
    payload, said = WRONG[name]
    wrong = payload % now_ms() if b"%d" in payload else payload
    assert running_system.publish(chair, topic, wrong).returncode == 0
    assert running_system.publish(chair, topic, reading(100, battery__soc=42)).returncode == 0
    within(5.0, lambda: known_value(running_system, chair.device_id, "battery.soc"))
    kept: list[dict[str, Any]] = running_system.get("/quarantine", device_id=chair.device_id)["items"]
    assert len(kept) == 1
    assert kept[0]["payload_bytes"] == len(wrong)
    assert len(kept[0]["advice"]) > 20
    assert said in kept[0]["advice"]


def test_a_device_that_is_not_in_the_register_is_kept_in_quarantine(running_system: RunningSystem) -> None:
    stranger = running_system.enroll("wheelchair", "pg-vr2")
    forged = type(stranger)(**{**_fields(stranger), "device_id": "d-stranger"})
    running_system.local.broker.add_credentials({forged.device_id: forged.password})
    assert running_system.publish(forged, "fk/v1/d-stranger/telemetry", reading(1, battery__soc=50)).returncode == 0

    def kept() -> dict[str, Any] | None:
        found = running_system.get("/quarantine", reason="unknown_device")["items"]
        return next((item for item in found if "d-stranger" in item["topic"]), None)

    item, _ = within(5.0, kept)
    assert "enroll" in item["advice"]


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}
