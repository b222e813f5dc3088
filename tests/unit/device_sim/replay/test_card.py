"""Reading a card written by the test: what differs between machines, what is unknown, and what is refused."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from device_sim.replay import CardError, Night, read_card
from tests.fixtures.independent_edf import independent_nights
from tests.fixtures.synthetic_card import AIRSENSE_10, AIRSENSE_11, Machine, row, summary

FIRST = date(2024, 3, 1)
USED: dict[str, int | list[int]] = {
    "Duration": 420,
    "MaskOn": [660],
    "MaskOff": [1080],
    "AHI": 31,
    "HI": 10,
    "Leak.95": 12,
    "MaskPress.95": 500,
}


def only_night(folder: Path, machine: Machine, values: Mapping[str, int | Sequence[int]], first: date = FIRST) -> Night:
    summary(folder, machine, [row(machine, first, values)], first)
    (night,) = read_card(folder).nights
    return night


@pytest.mark.parametrize(("machine", "model"), [(AIRSENSE_10, "resmed-airsense10"), (AIRSENSE_11, "resmed-airsense11")])
def test_a_used_night_is_read_in_native_units(tmp_path: Path, machine: Machine, model: str) -> None:
    night = only_night(tmp_path, machine, USED)
    assert read_card(tmp_path).model == model
    assert (night.date, night.usage_minutes, night.ahi, night.leak_p95, night.pressure_p95) == (
        FIRST,
        420,
        3.1,
        0.24,
        10,
    )
    assert night.hypopnea_index == 1.0
    assert night.crc_ok is True
    assert night.native_units()["leak.p95"] == "L/s"
    (other,) = independent_nights(tmp_path / "STR.edf")
    assert [other.minutes, other.ahi, other.leak_p95] == pytest.approx([420, 3.1, 0.24])


def test_what_was_not_measured_is_none_and_keeps_its_sentinel(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_10, {"Duration": 2, "MaskOn": [334], "MaskOff": [336]})
    assert (night.ahi, night.leak_p95, night.lifetime_hours, night.hypopnea_index) == (None, None, None, None)
    native = night.native_values()
    assert (native["therapy.ahi"], native["leak.p95"], native["minute_vent.p50"]) == (-0.1, -0.02, -0.125)
    assert native["device.lifetime_hours"] == -1.0
    assert night.faults == {}


def test_an_unused_night_an_unknown_night_and_tonight_are_three_things(tmp_path: Path) -> None:
    days = [FIRST + timedelta(days=number) for number in range(5)]
    rows = [
        row(AIRSENSE_10, days[0], USED),
        row(AIRSENSE_10, days[1], {"Duration": 0}),
        row(AIRSENSE_10, days[2]),
        row(AIRSENSE_10, days[3], {"AHI": 0}),
        row(AIRSENSE_10, days[4]),
    ]
    summary(tmp_path, AIRSENSE_10, rows)
    card = read_card(tmp_path)
    assert [(night.date, night.usage_minutes) for night in card.nights] == [
        (days[0], 420),
        (days[1], 0),
        (days[3], None),
    ]
    assert card.unrecorded == (days[2],)
    assert card.tonight == days[4]


def test_a_card_without_any_row_has_no_nights(tmp_path: Path) -> None:
    summary(tmp_path, AIRSENSE_11, [])
    card = read_card(tmp_path)
    assert (card.nights, card.unrecorded, card.tonight) == ((), (), None)


def test_sessions_are_swedish_local_times_in_utc(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_11, {"Duration": 90, "MaskOn": [0, 660], "MaskOff": [0, 750]})
    assert night.sessions == (
        (datetime(2024, 3, 1, 11, tzinfo=UTC), datetime(2024, 3, 1, 11, tzinfo=UTC)),
        (datetime(2024, 3, 1, 22, tzinfo=UTC), datetime(2024, 3, 1, 23, 30, tzinfo=UTC)),
    )


@pytest.mark.parametrize(("machine", "slots"), [(AIRSENSE_10, 10), (AIRSENSE_11, 20)])
def test_every_session_slot_is_read(tmp_path: Path, machine: Machine, slots: int) -> None:
    on = [600 + 10 * number for number in range(slots)]
    night = only_night(tmp_path, machine, {"Duration": 5 * slots, "MaskOn": on, "MaskOff": [start + 5 for start in on]})
    assert len(night.sessions) == slots


def test_a_session_without_an_end_is_told_apart(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_10, {"Duration": 60, "MaskOn": [600, 700], "MaskOff": [660]})
    assert (night.mask_minutes, night.unfinished_sessions) == (((600, 660),), 1)


@pytest.mark.parametrize(
    ("first", "hours", "asleep"),
    [
        (date(2024, 3, 30), 23, datetime(2024, 3, 30, 22, tzinfo=UTC)),
        (date(2024, 10, 26), 25, datetime(2024, 10, 26, 21, tzinfo=UTC)),
    ],
)
def test_nights_of_clock_changes_keep_the_minutes_of_the_machine(
    tmp_path: Path, first: date, hours: int, asleep: datetime
) -> None:
    night = only_night(tmp_path, AIRSENSE_10, {"Duration": 420, "MaskOn": [660], "MaskOff": [1080]}, first)
    assert night.sessions == ((asleep, asleep + timedelta(minutes=420)),)
    assert night.closes_at - night.opens_at == timedelta(hours=hours)


def test_a_moved_night_keeps_weekday_clock_time_and_its_own_date(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_10, USED)
    moved = night.moved(weeks=30)
    assert moved.date == date(2024, 9, 27)
    assert moved.recorded_on == night.date == FIRST
    assert moved.moved(weeks=-30) == night
    # 23:00 in winter time and in summer time.
    assert (night.sessions[0][0].hour, moved.sessions[0][0].hour) == (22, 21)


@pytest.mark.parametrize(
    ("machine", "code", "mode", "bounds"),
    [
        (AIRSENSE_10, 0, "CPAP", (10.0, 10.0)),
        (AIRSENSE_10, 1, "APAP", (4.0, 20.0)),
        (AIRSENSE_11, 1, "APAP", (4.0, 20.0)),
        (AIRSENSE_11, 2, "APAP", (5.0, 18.0)),
        (AIRSENSE_11, 3, "CPAP", (10.0, 10.0)),
        (AIRSENSE_11, 9, None, (None, None)),
    ],
)
def test_mode_decides_which_settings_bound_the_pressure(
    tmp_path: Path, machine: Machine, code: int, mode: str | None, bounds: tuple[float | None, float | None]
) -> None:
    night = only_night(tmp_path, machine, {**USED, "Mode": code})
    assert (night.mode, night.mode_code) == (mode, code)
    assert (night.value("pressure.set_min"), night.value("pressure.set_max")) == bounds


def test_fault_channels_are_raw_and_absent_ones_stay_unknown(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_10, {**USED, "Fault.Device": 3, "Fault.Humidifier": 0})
    assert night.faults == {"Device": 3, "Humidifier": 0}


def test_a_degree_sign_in_latin_1_is_read(tmp_path: Path) -> None:
    night = only_night(tmp_path, AIRSENSE_10, {**USED, "HumTemp.50": 504})
    assert (night.native_units()["humidifier.temp"], night.humidifier_temperature) == ("°C", 50.4)


def test_a_damaged_record_keeps_its_place_in_time(tmp_path: Path) -> None:
    rows = [row(AIRSENSE_10, FIRST + timedelta(days=number), USED) for number in range(3)]
    rows[1] = bytes([rows[1][0] ^ 0x40]) + rows[1][1:]
    summary(tmp_path, AIRSENSE_10, rows)
    nights = read_card(tmp_path).nights
    assert [night.crc_ok for night in nights] == [True, False, True]
    assert [night.date for night in nights] == [FIRST + timedelta(days=number) for number in range(3)]


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"holds no STR\.edf: name the card's root folder"):
        read_card(tmp_path)


@pytest.mark.parametrize(
    ("recording", "complaint"),
    [
        ("X X X SRN=0 MID=99 VID=1", "comes from MID=99, a model that is not known"),
        ("X X X", "a machine without MID"),
        (AIRSENSE_11.recording, "comes from MID=46"),  # the number of one model, the signals of another
    ],
)
def test_an_unknown_machine_is_refused_not_guessed(tmp_path: Path, recording: str, complaint: str) -> None:
    stranger = Machine(recording, AIRSENSE_10.signals)
    summary(tmp_path, stranger, [row(stranger, FIRST, USED)])
    with pytest.raises(CardError, match=complaint):
        read_card(tmp_path)


def test_a_known_machine_without_its_signals_is_refused(tmp_path: Path) -> None:
    poor = Machine(AIRSENSE_10.recording, tuple(s for s in AIRSENSE_10.signals if s.label not in {"AHI", "Duration"}))
    summary(tmp_path, poor, [row(poor, FIRST, {})])
    with pytest.raises(CardError, match="lacks Duration, AHI"):
        read_card(tmp_path)
