"""What a replay sends: each good night once, in its machine's own units, moved by whole weeks, never ahead of now."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.replay import Night, read_card
from device_sim.replay.play import night_messages, nights_to_send, weeks_to_move
from fleet import codec
from fleet.clock import STOCKHOLM, from_milliseconds, local_day
from fleet.faults import NativeCode
from fleet.messages import Occurrence
from fleet.normalise import Normaliser
from fleet.registry import load_registry
from fleet.topics import Verb
from tests.fixtures.synthetic_card import AIRSENSE_10, row, summary
from tests.unit.device_sim.support import device, parts

FIRST = date(2024, 3, 1)
USED: dict[str, int | list[int]] = {
    "Duration": 420,
    "MaskOn": [600, 900],
    "MaskOff": [700, 1080],
    "AHI": 31,
    "Leak.95": 12,
}
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
APAP = load_registry()["apap"]
AIRSENSE = next(model for model in APAP.models if model.key == "resmed-airsense10")


def night_of(day: date) -> Night:
    return Night(
        date=day,
        mask_minutes=(),
        unfinished_sessions=0,
        readings={},
        hypopnea_index=None,
        rera_index=None,
        faults={},
        mode=None,
        mode_code=None,
        crc_ok=True,
    )


@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_the_last_night_ended_within_the_week_before_now(day: date, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    night = night_of(day)
    weeks = weeks_to_move(night, now)
    if night.closes_at > now:
        assert weeks == 0
        return
    assert timedelta() <= now - night.moved(weeks).closes_at < timedelta(days=7, hours=1)
    assert night.moved(weeks).date.weekday() == day.weekday()


def test_noon_is_noon_on_either_side_of_a_change_of_clocks() -> None:
    winter = night_of(date(2026, 1, 10))
    weeks = weeks_to_move(winter, datetime(2026, 7, 5, 11, 0, tzinfo=UTC))
    assert winter.moved(weeks).closes_at.astimezone(STOCKHOLM).hour == 12


def test_a_night_says_its_sessions_and_its_summary_in_the_machines_own_units(tmp_path: Path) -> None:
    summary(tmp_path, AIRSENSE_10, [row(AIRSENSE_10, FIRST, USED)], FIRST)
    (night,) = nights_to_send(read_card(tmp_path), NOW, shift=True)
    sent = night_messages(device(APAP, AIRSENSE), night)
    events = [codec.decode(message.payload, Occurrence) for message in sent if message.verb is Verb.EVENT]
    assert [part.seq for part in parts(sent)] == [1, 2, 3, 4, 5]
    assert [event.event for event in events] == ["mask_on", "mask_off"] * 2
    assert [from_milliseconds(event.ts) for event in events] == [moment for pair in night.sessions for moment in pair]
    ((reading,), _) = codec.decode_telemetry(sent[-1].payload)
    assert reading.values == night.native_values()
    assert reading.values["leak.p50"] == -0.02  # a sentinel, as the machine has it
    assert local_day(from_milliseconds(reading.ts), 12) == night.date
    stored = Normaliser(APAP, AIRSENSE).normalise(reading.values, {})
    assert stored.values["therapy.usage"] == 420
    assert stored.values["therapy.ahi"] == pytest.approx(3.1)
    assert stored.values["leak.p95"] == pytest.approx(0.24 * 60)
    assert "leak.p50" not in stored.values


def test_a_night_whose_checksum_speaks_against_it_is_not_sent(tmp_path: Path) -> None:
    days = [FIRST + timedelta(days=number) for number in range(3)]
    rows = [row(AIRSENSE_10, day, USED) for day in days]
    rows[1] = rows[1][:-3] + bytes([rows[1][-3] ^ 1]) + rows[1][-2:]
    summary(tmp_path, AIRSENSE_10, rows, FIRST)
    sent = nights_to_send(read_card(tmp_path), NOW, shift=False)
    assert [night.date for night in sent] == [days[0], days[2]]


def test_a_fault_channel_is_told_when_it_leaves_zero_and_when_it_returns(tmp_path: Path) -> None:
    channels = ({"Fault.Device": 0}, {"Fault.Device": 3}, {"Fault.Device": 3}, {"Fault.Device": 0})
    days = [FIRST + timedelta(days=number) for number in range(len(channels))]
    rows = [row(AIRSENSE_10, day, {"Duration": 0, **channel}) for day, channel in zip(days, channels, strict=True)]
    summary(tmp_path, AIRSENSE_10, rows, FIRST)
    machine = device(APAP, AIRSENSE)
    told = [
        codec.decode(message.payload, Occurrence)
        for night in nights_to_send(read_card(tmp_path), NOW, shift=True)
        for message in night_messages(machine, night)
        if message.verb is Verb.EVENT
    ]
    data = {"system": "resmed", "code": "Fault.Device", "subcode": "3"}
    assert [(event.event, event.data) for event in told] == [("fault_raised", data), ("fault_cleared", data)]
    assert NativeCode("resmed", "Fault.Device") in APAP.faults_by_native


def test_an_empty_card_sends_nothing(tmp_path: Path) -> None:
    summary(tmp_path, AIRSENSE_10, [row(AIRSENSE_10, FIRST)], FIRST)
    assert nights_to_send(read_card(tmp_path), NOW, shift=True) == []
