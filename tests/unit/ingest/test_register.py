from fleet.registry import load_registry
from ingest.register import ASK_AGAIN_SECONDS, SHARES, DeviceRow, Register
from tests.unit.ingest.support import SCALE, register


def test_only_unknown_devices_are_looked_up_and_each_not_too_often() -> None:
    known = register()
    assert known.to_look_up({SCALE, "stranger-1"}, 100.0) == ["stranger-1"]
    assert known.to_look_up({"stranger-1", "stranger-2"}, 100.0) == ["stranger-2"]
    assert known.to_look_up({"stranger-1"}, 100.0 + ASK_AGAIN_SECONDS) == ["stranger-1"]


def test_a_stranger_that_was_registered_meanwhile_is_known() -> None:
    known = Register(load_registry())
    known.to_look_up({"new-01"}, 0)
    known.add([DeviceRow("new-01", 9, "scale", "mi-body-composition-2", "1", False, False)])
    device = known.find("new-01")
    assert device is not None
    assert (device.number, device.handling.device_class, device.has_state) == (9, "scale", False)


def test_a_class_this_release_does_not_know_is_named() -> None:
    known = Register(load_registry())
    known.add([DeviceRow("new-01", 9, "hoverboard", "x", "", False, False)])
    assert known.find("new-01") is None
    assert known.class_without_profile("new-01") == "hoverboard"
    assert len(known) == 0


def test_devices_of_one_model_share_its_handling_and_firmware_decides() -> None:
    known = Register(load_registry())
    rows = [("a-01", "1.0"), ("b-01", "1.5"), ("c-01", "2.0")]
    known.add(
        DeviceRow(name, n, "scale", "and-uc352ble", firmware, False, False) for n, (name, firmware) in enumerate(rows)
    )
    first, second, third = (known.find(name) for name, _ in rows)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.handling is second.handling
    assert first.handling is not third.handling


def test_everyone_is_forgotten_once_a_share_at_a_time() -> None:
    known = Register(load_registry())
    names = [f"scale-{number}" for number in range(2 * SHARES)]
    known.add(DeviceRow(name, n, "scale", "and-uc352ble", "1.0", False, False) for n, name in enumerate(names))
    for turn in range(1, SHARES + 1):
        known.forget_some()
        assert len(known) == 2 * (SHARES - turn)
    assert known.find(names[0]) is None
    assert known.to_look_up(names, 0) == sorted(names)


def test_who_was_looked_up_twice_is_forgotten_like_everyone_else() -> None:
    known = register()
    known.add([DeviceRow(SCALE, 1, "scale", "and-uc352ble", "1.0", False, False)])
    for _ in range(SHARES):
        known.forget_some()
    assert known.find(SCALE) is None
