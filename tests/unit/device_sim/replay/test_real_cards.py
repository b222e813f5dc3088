"""The product's reader against an independent one, over every night of both real machines."""

import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from device_sim.replay import Card, Night, read_card
from device_sim.replay.detail import detail_samples
from device_sim.replay.edf import read_edf
from tests.fixtures.independent_edf import IndependentNight, independent_nights

CHANNELS_ABSENT_ON_AIRSENSE_11 = {"therapy.flowgen_time", "device.lifetime_hours"}


def day_number(night: Night) -> int:
    return (night.date - date(1970, 1, 1)).days


def disagreements(card: Card, expected: list[IndependentNight]) -> list[str]:
    """Night by night, what the two readers see differently."""
    found = [f"{len(card.nights)} nights, expected {len(expected)}"] if len(card.nights) != len(expected) else []
    for night, other in zip(card.nights, expected, strict=False):
        mine = (day_number(night), night.usage_minutes, night.crc_ok)
        if mine != (other.day_number, other.minutes, other.checksum_holds):
            found.append(f"{night.date}: {mine} against {other}")
        pairs = (
            (night.ahi, other.ahi),
            (night.leak_p50, other.leak_p50),
            (night.leak_p95, other.leak_p95),
            (night.leak_max, other.leak_max),
        )
        found += [f"{night.date}: {left} against {right}" for left, right in pairs if left != pytest.approx(right)]
    return found


def test_both_readers_see_the_same_in_every_night(real_card: Card) -> None:
    assert disagreements(real_card, independent_nights(real_card.folder / "STR.edf")) == []


def test_a_single_changed_byte_is_seen_by_checksum_and_by_comparison(real_card: Card, tmp_path: Path) -> None:
    shutil.copy(real_card.folder / "STR.edf", tmp_path / "STR.edf")
    content = bytearray((tmp_path / "STR.edf").read_bytes())
    file = read_edf(tmp_path / "STR.edf")
    row_bytes = 2 * sum(len(channel.records[0]) for channel in file.channels.values())
    labels = list(file.channels)
    before = sum(len(file.channels[label].records[0]) for label in labels[: labels.index("Duration")])
    third_night = len(content) - (len(file.records_ok) - 2) * row_bytes
    content[third_night + 2 * before] ^= 0x01
    (tmp_path / "STR.edf").write_bytes(content)

    damaged = read_card(tmp_path)

    assert [night.crc_ok for night in damaged.nights] == [index != 2 for index in range(len(damaged.nights))]
    assert [night.date for night in damaged.nights] == [night.date for night in real_card.nights]
    assert len(disagreements(damaged, independent_nights(real_card.folder / "STR.edf"))) == 1


def test_no_sentinel_becomes_a_value(real_card: Card) -> None:
    for night in real_card.nights:
        values = [night.value(key) for key in night.readings]
        assert [value for value in values if value is not None and value < 0] == []
        for key in night.missing():
            assert night.value(key) is None
            assert night.native_values()[key] < 0


def test_airsense_10_has_17_nights_and_an_empty_row_for_tonight(airsense10: Card) -> None:
    minutes = [night.usage_minutes for night in airsense10.nights]
    assert airsense10.model == "resmed-airsense10"
    assert (len(minutes), sum(filter(None, minutes))) == (17, 2604)
    assert median(night.ahi or 0 for night in airsense10.nights) == 0.0
    assert airsense10.tonight == date(2023, 3, 30)
    assert airsense10.unrecorded == ()


def test_airsense_11_has_76_nights_and_two_unknown_ones_in_between(airsense11: Card) -> None:
    minutes = [night.usage_minutes for night in airsense11.nights]
    assert airsense11.model == "resmed-airsense11"
    assert (len(minutes), sum(filter(None, minutes))) == (76, 40956)
    assert median(night.ahi or 0 for night in airsense11.nights) == pytest.approx(2.85)
    assert airsense11.unrecorded == (date(2024, 5, 13), date(2024, 5, 14))
    assert airsense11.tonight is None


@pytest.mark.parametrize(("day", "minutes"), [(date(2023, 3, 24), 2), (date(2023, 3, 28), 13), (date(2023, 3, 25), 25)])
def test_short_nights_carry_their_minutes(airsense10: Card, day: date, minutes: int) -> None:
    night = next(night for night in airsense10.nights if night.date == day)
    assert night.usage_minutes == minutes
    assert sum((end - start for start, end in night.sessions), timedelta()) == timedelta(minutes=minutes)


def test_a_two_minute_night_has_events_but_no_leak_or_pressure(airsense10: Card) -> None:
    night = next(night for night in airsense10.nights if night.usage_minutes == 2)
    assert (night.ahi, night.leak_p95, night.pressure_p95, night.flowgen_minutes) == (0.0, None, None, 1)
    assert night.native_values()["minute_vent.p50"] == -0.125
    assert {"leak.p95", "pressure.p95", "resp.rate_p50", "humidifier.temp"} <= night.missing()


def test_sessions_add_up_to_the_minutes_used(real_card: Card) -> None:
    for night in real_card.nights:
        length = sum((end - start for start, end in night.sessions), timedelta())
        assert night.usage_minutes is not None
        assert abs(length - timedelta(minutes=night.usage_minutes)) <= timedelta(minutes=3)
        assert night.unfinished_sessions == 0
        assert all(night.opens_at <= start <= end <= night.closes_at for start, end in night.sessions)


def test_models_differ_in_channels_units_and_count_of_sessions(airsense10: Card, airsense11: Card) -> None:
    ten, eleven = airsense10.nights[0], airsense11.nights[0]
    assert set(ten.readings) - set(eleven.readings) == CHANNELS_ABSENT_ON_AIRSENSE_11
    assert eleven.lifetime_hours is None
    assert eleven.flowgen_minutes is None
    assert (ten.faults, eleven.faults) == ({"Device": 0, "Alarm": 0, "Humidifier": 0, "HeatedTube": 0}, {})
    assert (ten.native_units()["tube.temp"], eleven.native_units()["tube.temp"]) == ("°C", "Celsius")
    assert (ten.native_units()["tube.power"], eleven.native_units()["tube.power"]) == ("", "%")
    assert max(len(night.sessions) for night in airsense11.nights) == 14


def test_modes_have_other_codes_on_the_other_machine(airsense10: Card, airsense11: Card) -> None:
    assert {(night.mode_code, night.mode) for night in airsense10.nights} == {(0, "CPAP"), (1, "APAP")}
    assert {(night.mode_code, night.mode) for night in airsense11.nights} == {(1, "APAP"), (3, "CPAP")}
    for night in (*airsense10.nights, *airsense11.nights):
        fixed = night.value("pressure.set_min") == night.value("pressure.set_max")
        assert fixed == (night.mode == "CPAP")


def test_the_night_of_the_spring_clock_change_keeps_its_length(airsense11: Card) -> None:
    night = next(night for night in airsense11.nights if night.date == date(2024, 3, 30))
    # Minutes 885 to 1003 after noon: 02:45 to 04:43 on a clock without the change; 02:45 did not exist that night.
    start, end = night.sessions[3]
    assert start == datetime(2024, 3, 31, 1, 45, tzinfo=UTC)
    assert end - start == timedelta(minutes=118)
    assert night.closes_at - night.opens_at == timedelta(hours=23)


def test_detail_lies_within_the_sessions_of_its_night(real_card: Card) -> None:
    # Files and sessions do not pair up: the summary counts some short breaks as one session, the files never do.
    minute = timedelta(minutes=1)
    nights = [night for night in real_card.nights if real_card.detail_files(night)]
    assert nights
    for night in nights:
        for path in real_card.detail_files(night):
            samples = list(detail_samples(read_edf(path), night))
            if samples:
                first, last = samples[0].at, samples[-1].at
                assert any(start <= first and last <= end + minute for start, end in night.sessions)


def test_detail_of_a_night_is_in_order_and_free_of_sentinels(airsense11: Card) -> None:
    night = next(night for night in airsense11.nights if airsense11.detail_files(night))
    samples = list(airsense11.detail(night))
    assert len(samples) == 30 * (233 + 24 + 191 + 87)
    assert all(earlier.at < later.at for earlier, later in pairwise(samples))
    assert all(sample.crc_ok for sample in samples)
    assert [sample.flow_limitation for sample in samples].count(None) == 2
    assert min(sample.leak for sample in samples if sample.leak is not None) >= 0


def test_sessions_under_a_minute_leave_a_detail_file_without_samples(airsense10: Card) -> None:
    night = next(night for night in airsense10.nights if night.usage_minutes == 2)
    assert len(airsense10.detail_files(night)) == 2
    assert list(airsense10.detail(night)) == []
