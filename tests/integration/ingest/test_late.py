"""Late data fills what it belongs to and overwrites nothing that happened after it."""

from datetime import UTC, date, datetime, timedelta

from tests.fixtures.database import MakePayer, lend_device, return_device
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Desk, Site, at, delivery, event, milliseconds, reading

CHAIR = "pg-vr2"
NOW = at("2026-11-22 12:00")
NOW_MS = milliseconds(NOW)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


async def test_an_older_reading_does_not_overwrite_the_present(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", CHAIR)
    new = reading(9, {"battery.soc": 40}, ts=NOW_MS - MINUTE)
    old = reading(3, {"battery.soc": 90, "battery.voltage": 26}, ts=NOW_MS - 9 * HOUR)
    await desk.take(delivery(device.device_id, new), received_at=NOW)
    await desk.take(delivery(device.device_id, old), received_at=NOW + timedelta(seconds=5))
    assert site.one("SELECT present_values(metric_values, told) FROM device_state") == {
        "battery.soc": [40.0, NOW_MS - MINUTE],
        "battery.voltage": [26.0, NOW_MS - 9 * HOUR],
    }
    row = site.ask("SELECT last_event_at, last_seen_at, first_seen_at FROM device_state")
    assert row == [(NOW - timedelta(minutes=1), NOW + timedelta(seconds=5), NOW)]
    assert site.one("SELECT count(*) FROM reading_wheelchair") == 2


async def test_an_older_event_does_not_become_the_latest(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("dispenser")
    for seq, ts in ((2, NOW_MS - MINUTE), (1, NOW_MS - HOUR)):
        await desk.take(delivery(device.device_id, event(seq, "dose_taken", ts=ts), "event"), received_at=NOW)
    assert site.one("SELECT latest_events FROM device_state") == {"dose_taken": NOW_MS - MINUTE}


async def test_late_data_counts_for_its_own_day_and_may_name_no_later_last_use(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", CHAIR)
    for seq, ago in ((1, 1 * DAY), (2, 5 * DAY), (3, 1 * DAY)):
        message = delivery(device.device_id, reading(seq, {"drive.time": 0.5}, ts=NOW_MS - ago))
        await desk.take(message, received_at=NOW)
    assert site.ask("SELECT local_day, amount FROM usage_day ORDER BY 1") == [
        (date(2026, 11, 17), 0.5),
        (date(2026, 11, 21), 1.0),
    ]
    assert site.one("SELECT last_used_day FROM device_state") == date(2026, 11, 21)


async def test_a_day_below_the_limit_is_not_a_day_of_use(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("apap", "philips-remstar-auto")
    for seq, (night, minutes) in enumerate({"2026-11-20 22:00": 29, "2026-11-18 22:00": 31}.items(), 1):
        message = delivery(device.device_id, reading(seq, {"therapy.usage": minutes}, ts=milliseconds(at(night))))
        await desk.take(message, received_at=NOW)
    assert site.one("SELECT last_used_day FROM device_state") == date(2026, 11, 18)


async def test_usage_falls_on_the_right_day_around_both_clock_changes(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", CHAIR)
    moments = {  # UTC: Swedish local day
        "2026-03-28 22:59": date(2026, 3, 28),
        "2026-03-28 23:00": date(2026, 3, 29),
        "2026-03-29 21:59": date(2026, 3, 29),
        "2026-03-29 22:00": date(2026, 3, 30),
        "2026-10-24 21:59": date(2026, 10, 24),
        "2026-10-24 22:00": date(2026, 10, 25),
        "2026-10-25 22:59": date(2026, 10, 25),
        "2026-10-25 23:00": date(2026, 10, 26),
    }
    minutes = [2.0**place / 8 for place in range(len(moments))]  # every sum tells of which readings it is made
    bodies = [
        reading(seq, {"drive.time": amount}, ts=milliseconds(at(moment)))
        for seq, (moment, amount) in enumerate(zip(moments, minutes, strict=True), 1)
    ]
    await desk.take(*(delivery(device.device_id, body) for body in bodies), received_at=NOW)
    expected: dict[date, float] = {}
    for day, amount in zip(moments.values(), minutes, strict=True):
        expected[day] = expected.get(day, 0.0) + amount
    assert dict(site.ask("SELECT local_day, amount FROM usage_day WHERE measure = 'drive_minutes'")) == expected


async def test_therapy_nights_run_from_noon_to_noon_around_both_clock_changes(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("apap", "philips-remstar-auto")
    moments = {
        "2026-03-29 09:59": date(2026, 3, 28),  # 11:59 summer time, the clock went forward in the night
        "2026-03-29 10:00": date(2026, 3, 29),
        "2026-10-25 10:59": date(2026, 10, 24),  # 11:59 winter time, the clock went back in the night
        "2026-10-25 11:00": date(2026, 10, 25),
    }
    bodies = [
        reading(seq, {"therapy.usage": 100 + seq}, ts=milliseconds(at(moment))) for seq, moment in enumerate(moments, 1)
    ]
    await desk.take(delivery(device.device_id, bodies), received_at=NOW)
    found = dict(site.ask("SELECT local_day, amount FROM usage_day"))
    assert found == {day: 100.0 + seq for seq, day in enumerate(moments.values(), 1)}


async def test_what_happened_in_an_earlier_loan_tells_the_next_borrower_nothing_personal(
    site: Site, add_device: AddDevice, desk: Desk, make_payer: MakePayer, database: object
) -> None:
    """The outbox of a returned unit is emptied after the next loan has begun."""
    payer = make_payer()
    device = add_device("scale", PLAIN_SCALE, loan=(payer, "SoL", NOW - timedelta(days=60)))
    ended, began = NOW - timedelta(days=10), NOW - timedelta(days=2)
    return_device(database, device.device_no, ended)  # type: ignore[arg-type]  # the fixture's Database
    lend_device(database, device.device_no, payer, "HSL", began)  # type: ignore[arg-type]  # as above
    before = milliseconds(ended - timedelta(days=1))
    values = {"body.weight": 88.8, "battery.level": 55}
    await desk.take(
        delivery(device.device_id, reading(1, values, ts=before)),
        delivery(device.device_id, reading(2, values, ts=before + MINUTE)),
        received_at=NOW,
    )
    assert site.ask("SELECT present_values(metric_values, told), last_event_at, last_used_day FROM device_state") == [
        ({"battery.level": [55.0, before + MINUTE]}, None, None)
    ]
    assert site.one("SELECT count(*) FROM reading_scale") == 2
    assert site.one("SELECT sum(amount) FROM usage_day") == 2
    await desk.take(delivery(device.device_id, reading(3, values, ts=NOW_MS - MINUTE)), received_at=NOW)
    await desk.take(
        delivery(device.device_id, reading(4, {"body.weight": 99}, ts=before + 2 * MINUTE)), received_at=NOW
    )
    assert site.ask("SELECT present_values(metric_values, told), last_event_at, last_used_day FROM device_state") == [
        (
            {"body.weight": [88.8, NOW_MS - MINUTE], "battery.level": [55.0, NOW_MS - MINUTE]},
            datetime.fromtimestamp(NOW_MS / 1000 - 60, UTC),
            date(2026, 11, 22),
        )
    ]
