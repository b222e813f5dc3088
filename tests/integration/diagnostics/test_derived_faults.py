"""Faults without a native code, each planted as rows a device would have left, and found by a diagnosis over them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fleet.clock import local_day
from fleet.signals import Audience
from tests.fixtures.database import MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town
from tests.integration.diagnostics.test_diagnosis import asked

Plant = Callable[[Store, int], None]


def daily(store: Store, device_no: int, device_class: str, days: int, value: Callable[[int], dict[str, float]]) -> None:
    """A reading a day, the newest an hour ago; `value` is given how many days ago."""
    store.heard(device_no, at=NOW)
    for ago in range(days):
        store.reading(device_no, device_class, NOW - timedelta(days=ago, hours=1), value(ago))


def never_full(store: Store, device_no: int) -> None:
    daily(store, device_no, "wheelchair", 8, lambda ago: {"battery_soc": 60.0 + ago})


def blocks_apart(store: Store, device_no: int) -> None:
    daily(store, device_no, "wheelchair", 10, lambda _: {"battery_soc": 97.0, "battery_block_delta": 0.9})


def mask_leaks(store: Store, device_no: int) -> None:
    daily(store, device_no, "apap", 7, lambda _: {"leak_p95": 36.0})


def scale_stepped(store: Store, device_no: int) -> None:
    daily(store, device_no, "scale", 24, lambda ago: {"body_weight": 76.0 if ago < 10 else 70.0})


def restarts(store: Store, device_no: int) -> None:
    store.heard(device_no, at=NOW)
    for boot in range(1, 8):
        at = NOW - timedelta(days=1, hours=boot)
        store.execute(
            "INSERT INTO reading_apap (device_no, ts, received_at, boot, seq, leak_p95) VALUES (%s, %s, %s, %s, 1, 8)",
            device_no,
            at,
            at,
            8 - boot,
        )


def long_unchecked(store: Store, device_no: int) -> None:
    daily(store, device_no, "scale", 5, lambda _: {"body_weight": 70.0})
    store.execute(
        "INSERT INTO device_service (device_no, kind, done_on, passed, recorded_by)"
        " VALUES (%s, 'calibration', %s, true, 'x')",
        device_no,
        local_day(NOW) - timedelta(days=500),
    )


CASES: list[tuple[str, str, Plant]] = [
    ("WC-BAT-04", "wheelchair", never_full),  # chronic undercharging
    ("WC-BAT-03", "wheelchair", blocks_apart),  # unequal battery blocks
    ("PAP-LEK-01", "apap", mask_leaks),
    ("SCL-DRF-01", "scale", scale_stepped),  # drifting scale
    ("PAP-SYS-05", "apap", restarts),  # reboot storm
    ("SCL-DRF-02", "scale", long_unchecked),
]


def derived(body: dict[str, Any]) -> set[str]:
    return {fault["code"] for fault in body["derived_faults"]}


async def test_each_is_found_from_stored_rows_and_not_without_them(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    token = make_token("technician", audiences=tuple(Audience))
    for code, device_class, plant in CASES:
        planted, sound = (make_device(device_class, loan=(town.payer, "HSL")) for _ in range(2))
        plant(store, planted.device_no)
        store.heard(sound.device_no, at=NOW)
        assert code in derived(await asked(api, token, planted.device_id)), code
        assert code not in derived(await asked(api, token, sound.device_id)), f"the control, without rows: {code}"


async def test_two_devices_of_one_borrower_in_one_night_are_told_at_both(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    one, other, alone = (make_device("apap", loan=(town.payer, "HSL")) for _ in range(3))
    for device, key in ((one, "b-1"), (other, "b-1"), (alone, "b-2")):
        store.heard(device.device_no, at=NOW)
        store.execute(
            "INSERT INTO loan_use (loan_id, device_no, borrower_key) SELECT loan_id, device_no, %s FROM loan"
            " WHERE device_no = %s",
            key,
            device.device_no,
        )
        store.days(device.device_no, "apap", heard=[], used=[local_day(NOW) - timedelta(days=3)])
    token = make_token("technician")
    assert "PAP-DAT-02" in derived(await asked(api, token, one.device_id))
    assert "PAP-DAT-02" in derived(await asked(api, token, other.device_id))
    assert "PAP-DAT-02" not in derived(await asked(api, token, alone.device_id))
    store.execute("UPDATE usage_day SET amount = 5 WHERE device_no = %s", other.device_no)
    assert "PAP-DAT-02" not in derived(await asked(api, token, one.device_id)), "an attempt is no night"


async def test_a_worn_backup_battery_is_found_from_how_fast_it_falls(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    machine = make_device("dispenser", loan=(town.payer, "SoL"))
    daily(store, machine.device_no, "dispenser", 6, lambda ago: {"battery_level": 35.0 + ago})
    body = await asked(api, make_token("technician", audiences=tuple(Audience)), machine.device_id)
    worn = next(cause for cause in body["causes"] if cause["cause"] == "backup_worn")
    assert "battery_falls_fast" in {item["sign"] for item in worn["speaks_for"]}
    assert body["causes"][0]["cause"] in {"backup_worn", "mains_out", "plug_out"}, body["causes"][0]
