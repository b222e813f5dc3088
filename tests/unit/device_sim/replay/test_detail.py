"""Two-second detail written by the test: times, missing values, damaged minutes, and machines that are not known."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from device_sim.replay import Card, CardError, DetailSample, Night, read_card
from tests.fixtures.synthetic_card import (
    AIRSENSE_10,
    CHECKSUM,
    DETAIL_SIGNALS,
    Signal,
    header,
    record,
    row,
    summary,
)

FIRST = date(2024, 3, 1)
SIGNALS = (*DETAIL_SIGNALS, CHECKSUM)
MINUTE = {"MaskPress.2s": 500, "Press.2s": 520, "Leak.2s": 5, "RespRate.2s": 75}


def write_detail(folder: Path, starts: datetime, minutes: list[bytes], signals: tuple[Signal, ...] = SIGNALS) -> Path:
    path = folder / "DATALOG" / "20240301" / f"{starts:%Y%m%d_%H%M%S}_PLD.edf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(AIRSENSE_10.recording, signals, starts, len(minutes), 2) + b"".join(minutes))
    return path


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2024, 3, day, hour, minute)  # noqa: DTZ001 - by the machine's own clock


@pytest.fixture
def card(tmp_path: Path) -> Card:
    summary(tmp_path, AIRSENSE_10, [row(AIRSENSE_10, FIRST, {"Duration": 60})])
    return read_card(tmp_path)


@pytest.fixture
def night(card: Card) -> Night:
    return card.nights[0]


def test_files_follow_each_other_in_time(card: Card, night: Night) -> None:
    record_of_two_seconds = record(SIGNALS, MINUTE)
    write_detail(card.folder, at(1, day=2), [record_of_two_seconds])
    write_detail(card.folder, at(23), [record_of_two_seconds] * 2)
    samples = list(card.detail(night))
    assert [sample.at for sample in samples] == [
        datetime(2024, 3, 1, 22, tzinfo=UTC),
        datetime(2024, 3, 1, 22, 0, 2, tzinfo=UTC),
        datetime(2024, 3, 2, 0, tzinfo=UTC),
    ]


def test_what_is_missing_is_none(card: Card, night: Night) -> None:
    write_detail(card.folder, at(23), [record(SIGNALS, MINUTE)])
    (sample,) = card.detail(night)
    assert sample == DetailSample(
        at=datetime(2024, 3, 1, 22, tzinfo=UTC),
        mask_pressure=10.0,
        pressure=10.4,
        expiratory_pressure=None,
        leak=0.1,
        respiratory_rate=15.0,
        tidal_volume=None,
        minute_ventilation=None,
        snore=None,
        flow_limitation=None,
        crc_ok=True,
    )


def test_a_damaged_record_is_marked_and_the_others_stay_good(card: Card, night: Night) -> None:
    good = record(SIGNALS, MINUTE)
    write_detail(card.folder, at(23), [good, bytes([good[0] ^ 1]) + good[1:], good])
    assert [sample.crc_ok for sample in card.detail(night)] == [True, False, True]


def test_a_moved_night_moves_its_detail(card: Card, night: Night) -> None:
    write_detail(card.folder, at(23), [record(SIGNALS, MINUTE)])
    (sample,) = card.detail(night.moved(weeks=1))
    assert sample.at == datetime(2024, 3, 8, 22, tzinfo=UTC)


def test_a_night_without_files_has_no_detail(card: Card, night: Night) -> None:
    assert card.detail_files(night) == ()
    assert list(card.detail(night)) == []


def test_detail_cut_short_is_refused(card: Card, night: Night) -> None:
    path = write_detail(card.folder, at(23), [record(SIGNALS, MINUTE)] * 3)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CardError, match=r"20240301_230000_PLD\.edf is cut short"):
        list(card.detail(night))


@pytest.mark.parametrize(("unit", "complaint"), [(b"L/min", "found unit 'L/min'"), (None, "found no such signal")])
def test_another_unit_or_a_lost_signal_is_refused(card: Card, night: Night, unit: bytes | None, complaint: str) -> None:
    others = tuple(signal for signal in SIGNALS if signal.label != "Leak.2s")
    changed = others if unit is None else (Signal("Leak.2s", unit), *others)
    write_detail(card.folder, at(23), [record(changed, MINUTE)], changed)
    with pytest.raises(CardError, match=f"Leak.2s should be there in L/s, {complaint}"):
        list(card.detail(night))


def test_an_event_file_is_no_detail(card: Card, night: Night) -> None:
    events = (Signal("EDF Annotations", digital=(-32768, 32767), samples=15), CHECKSUM)
    path = write_detail(card.folder, at(23), [], events)
    content = path.read_bytes()
    path.write_bytes(content[:192] + b"EDF+D".ljust(44) + content[236:])
    with pytest.raises(CardError, match="holds events, not samples"):
        list(card.detail(night))


def test_time_within_a_record_is_spread_evenly(card: Card, night: Night) -> None:
    slow = tuple(Signal(s.label, s.unit, s.physical, s.digital, 4) for s in DETAIL_SIGNALS)
    signals = (*slow, CHECKSUM)
    write_detail(card.folder, at(23), [record(signals, {"Leak.2s": [1, 2, 3, 4]})], signals)
    samples = list(card.detail(night))
    assert [sample.leak for sample in samples] == [0.02, 0.04, 0.06, 0.08]
    assert samples[-1].at - samples[0].at == timedelta(seconds=1.5)
