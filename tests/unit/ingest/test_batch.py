from datetime import date

import pytest

from fleet.clock import FARTHEST_AHEAD
from ingest.accepted import Accepted
from ingest.batch import Plan, plan
from ingest.consumer import Delivery
from ingest.days import to_date
from tests.unit.ingest.support import (
    APAP,
    CHAIR,
    DISPENSER,
    NOW_MS,
    SCALE,
    accepted,
    delivery,
    event,
    reading,
    register,
)

MINUTE = 60_000


def planned(*deliveries: Delivery) -> Plan:
    return plan(accepted(*deliveries))


def test_readings_are_grouped_by_class_in_order_of_arrival() -> None:
    rows = planned(
        delivery(SCALE, reading(1, {"body.weight": 80})),
        delivery(CHAIR, reading(1, {"battery.soc": 50})),
        delivery(SCALE, reading(2, {"body.weight": 81})),
    )
    assert {name: [record.reading.seq for record in records] for name, records in rows.readings.items()} == {
        "scale": [1, 2],
        "wheelchair": [1],
    }


def test_the_present_keeps_the_newest_value_of_each_metric_whatever_the_order() -> None:
    newer, older = NOW_MS - MINUTE, NOW_MS - 5 * MINUTE
    rows = planned(
        delivery(CHAIR, reading(2, {"battery.soc": 40, "battery.voltage": 24}, ts=newer)),
        delivery(CHAIR, reading(1, {"battery.soc": 60, "battery.ah_left": 30}, ts=older)),
    )
    present = rows.present[2]
    assert present.values == {
        "battery.soc": (40.0, newer),
        "battery.voltage": (24.0, newer),
        "battery.ah_left": (30.0, older),
    }
    assert (present.oldest, present.newest, present.boot, present.alive) == (older, newer, 1, True)


def test_of_two_equally_old_values_the_later_arrival_stands() -> None:
    rows = planned(delivery(SCALE, [reading(1, {"body.weight": 80}), reading(2, {"body.weight": 81})]))
    assert rows.present[1].values["body.weight"][0] == 81.0


def test_devices_come_in_order_of_their_number_so_that_no_two_transactions_deadlock() -> None:
    rows = planned(
        *(delivery(device, reading(1, {"battery.level": 90})) for device in (DISPENSER, SCALE)),
        delivery(CHAIR, reading(1, {"battery.soc": 90})),
    )
    assert list(rows.present) == [1, 2, 3]


def test_sums_maxima_and_counts_of_one_day() -> None:
    def drive(minutes: float, bouts: int, longest: float) -> dict[str, float]:
        return {"drive.time": minutes, "drive.bouts": bouts, "drive.bout_longest": longest}

    rows = planned(
        delivery(CHAIR, [reading(1, drive(5, 3, 40)), reading(2, drive(7, 2, 90)), reading(3, drive(1, 1, 10))]),
        delivery(CHAIR, event(4, "charge_started"), "event"),
    )
    assert {measure: amount for (_, _, measure), amount in rows.sums.items()} == {
        "drive_minutes": 13,
        "drive_bouts": 6,
        "charges": 1,
    }
    assert {measure: amount for (_, _, measure), amount in rows.maxima.items()} == {"longest_bout": 90}
    assert {to_date(day) for _, day, _ in [*rows.sums, *rows.maxima]} == {date(2026, 11, 22)}


def test_usage_belongs_to_the_local_day_on_which_it_happened() -> None:
    before_midnight, after = NOW_MS - 13 * 60 * MINUTE - 1, NOW_MS - 13 * 60 * MINUTE
    rows = planned(
        delivery(
            SCALE, [reading(1, {"body.weight": 80}, ts=before_midnight), reading(2, {"body.weight": 80}, ts=after)]
        )
    )
    assert {to_date(day): amount for (_, day, _), amount in rows.sums.items()} == {
        date(2026, 11, 21): 1,
        date(2026, 11, 22): 1,
    }


def test_a_therapy_night_counts_for_the_day_it_began_on() -> None:
    rows = planned(delivery(APAP, reading(1, {"therapy.usage": 412}, ts=NOW_MS - 6 * 60 * MINUTE)))
    ((_, day, measure),) = rows.maxima
    assert (measure, to_date(day)) == ("therapy_minutes", date(2026, 11, 21))


def test_a_value_beyond_a_limit_makes_the_device_due_and_a_calm_one_does_not() -> None:
    assert planned(delivery(CHAIR, reading(1, {"battery.soc": 80}))).due == set()
    assert planned(delivery(CHAIR, reading(1, {"battery.soc": 1}))).due == {2}


def test_every_event_and_every_presence_makes_the_device_due() -> None:
    assert planned(delivery(DISPENSER, event(1, "dose_taken"), "event")).due == {3}
    assert planned(delivery(SCALE, {"ts": NOW_MS, "boot": 1, "online": False}, "state")).due == {1}


def test_the_newest_time_of_each_event_is_kept() -> None:
    newer, older = NOW_MS - MINUTE, NOW_MS - 5 * MINUTE
    rows = planned(
        delivery(DISPENSER, event(2, "dose_taken", ts=newer), "event"),
        delivery(DISPENSER, event(1, "dose_taken", ts=older), "event"),
        delivery(DISPENSER, event(3, "dose_due", ts=older), "event"),
    )
    assert rows.present[3].events == {"dose_taken": newer, "dose_due": older}


def test_unknown_metrics_are_counted_by_name() -> None:
    rows = planned(delivery(SCALE, [reading(1, {"mood": 1}), reading(2, {"mood": 2, "aura": True})]))
    assert {key: found.times for key, found in rows.unknown.items()} == {
        ("scale", "mi-body-composition-2", "mood"): 2,
        ("scale", "mi-body-composition-2", "aura"): 1,
    }


def test_the_same_refused_bytes_become_one_row() -> None:
    rows = planned(delivery(SCALE, b"oops"), delivery(SCALE, b"oops"), delivery(SCALE, b"other"))
    assert sorted(kept.times for kept in rows.quarantine.values()) == [1, 2]


def test_a_device_that_sends_nonsense_is_not_silent_but_a_stranger_has_no_present() -> None:
    assert planned(delivery(SCALE, b"oops")).present[1].alive
    assert planned(delivery("stranger-1", b"oops")).present == {}


def test_the_will_of_an_older_start_does_not_describe_the_present() -> None:
    def state(boot: int, online: bool) -> Delivery:
        return delivery(SCALE, {"ts": NOW_MS, "boot": boot, "online": online}, "state")

    assert planned(state(2, True), state(1, False)).presence == {1: (2, True)}
    assert planned(state(1, False), state(2, True)).presence == {1: (2, True)}
    assert planned(state(2, True), state(2, False)).presence == {1: (2, False)}
    assert planned(delivery(SCALE, reading(1, {"body.weight": 80}, boot=3)), state(2, False)).presence == {}


def test_a_retained_birth_tells_the_boot_but_is_no_sign_of_life() -> None:
    birth = {"ts": NOW_MS, "boot": 4, "device_class": "scale", "model": "and-uc352ble", "firmware": "1", "metrics": []}
    present = planned(delivery(SCALE, birth, "birth", retained=True)).present[1]
    assert (present.boot, present.alive) == (4, False)


def test_an_empty_batch_has_no_rows() -> None:
    rows = plan(Accepted())
    assert not any((rows.readings, rows.present, rows.sums, rows.maxima, rows.due, rows.quarantine))


@pytest.mark.parametrize("value", [0, 1, 9.9, 10, 19.9, 20, 20.1, 25, 30, 50, 99, 100])
def test_due_agrees_with_the_rules_themselves(value: float) -> None:
    for device_id, keys in {CHAIR: ("battery.soc", "motor.left.temp"), DISPENSER: ("battery.level",)}.items():
        device = register().find(device_id)
        assert device is not None
        for key in keys:
            values = {key: value}
            touched = any(rule.touched_by(values) for rule in device.handling.profile.rules)
            assert device.handling.due(values) is touched, (device_id, values)


def test_a_clock_a_little_ahead_is_still_its_own_time() -> None:
    ahead = NOW_MS + FARTHEST_AHEAD.seconds * 1000
    assert planned(delivery(SCALE, reading(1, {"body.weight": 80}, ts=ahead))).present[1].newest == ahead
