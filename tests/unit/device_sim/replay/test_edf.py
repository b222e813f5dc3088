"""Files cut short, damaged or no EDF at all: a clear error that names the file, never a guess, never a crash."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_sim.replay import Card, CardError, read_card
from device_sim.replay.edf import checksum, read_edf
from tests.fixtures.independent_edf import independent_checksum
from tests.fixtures.synthetic_card import AIRSENSE_10, AIRSENSE_11, Machine, row, summary

DAY = date(2024, 3, 1)
HEADER_BYTES = 256 * (1 + len(AIRSENSE_11.signals))
ROW = row(AIRSENSE_11, DAY, {"Duration": 420})


@pytest.fixture
def card_file(tmp_path: Path) -> Path:
    return summary(tmp_path, AIRSENSE_11, [ROW, ROW, ROW])


@pytest.mark.parametrize(
    "lost", [1, len(ROW) - 1, len(ROW), len(ROW) + 1, 3 * len(ROW)], ids=["byte", "most", "row", "more", "all"]
)
def test_a_file_cut_short_is_refused_and_named(card_file: Path, lost: int) -> None:
    card_file.write_bytes(card_file.read_bytes()[:-lost])
    with pytest.raises(CardError, match=r"STR\.edf is cut short or damaged: .* promises 3 records .*copy it again"):
        read_edf(card_file)


def test_a_file_with_bytes_too_many_is_refused(card_file: Path) -> None:
    card_file.write_bytes(card_file.read_bytes() + b"\0")
    with pytest.raises(CardError, match="3 whole ones and 1 bytes"):
        read_edf(card_file)


@pytest.mark.parametrize("length", [0, 1, 100, 255, 256, 300, HEADER_BYTES - 1])
def test_a_header_cut_short_is_refused(card_file: Path, length: int) -> None:
    card_file.write_bytes(card_file.read_bytes()[:length])
    with pytest.raises(CardError, match=r"STR\.edf .*copy it again from the card"):
        read_edf(card_file)


@pytest.mark.parametrize("content", [b"hello, this is a text\n" * 50, b"\x89PNG\r\n\x1a\n" + bytes(2000), bytes(5000)])
def test_what_is_no_edf_is_refused(card_file: Path, content: bytes) -> None:
    card_file.write_bytes(content)
    with pytest.raises(CardError, match=r"STR\.edf is not a readable EDF file .*copy it again"):
        read_edf(card_file)


def test_signals_without_samples_are_refused(card_file: Path) -> None:
    content = card_file.read_bytes()
    counts = 256 + 216 * len(AIRSENSE_11.signals)
    zeros = b"0       " * len(AIRSENSE_11.signals)
    card_file.write_bytes(content[:counts] + zeros + content[counts + len(zeros) :])
    with pytest.raises(CardError, match=r"STR\.edf is not a readable EDF file"):
        read_edf(card_file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"PLD\.edf cannot be opened .*check the folder and the card"):
        read_edf(tmp_path / "20240301_220000_PLD.edf")


def test_a_recording_that_was_not_closed_is_read(card_file: Path) -> None:
    content = card_file.read_bytes()
    card_file.write_bytes(content[:236] + b"-1      " + content[244:])
    assert len(read_edf(card_file).records_ok) == 3


def test_two_start_dates_that_differ_are_refused(card_file: Path) -> None:
    content = card_file.read_bytes()
    card_file.write_bytes(content[:168] + b"02.03.24" + content[176:])
    with pytest.raises(CardError, match="Different values in startdate"):
        read_edf(card_file)


def test_a_file_without_checksums_says_unknown_not_ok(tmp_path: Path) -> None:
    unchecked = Machine(AIRSENSE_10.recording, AIRSENSE_10.signals[:-1])
    body = row(AIRSENSE_10, DAY, {"Duration": 420})[:-2]
    assert read_edf(summary(tmp_path, unchecked, [body])).records_ok == (None,)


@given(st.binary(max_size=400))
def test_the_checksum_equals_one_computed_bit_by_bit(content: bytes) -> None:
    assert checksum(content + b"??") == independent_checksum(content)


def test_the_checksum_is_the_published_one() -> None:
    # Check value of CRC-16/CCITT-FALSE (also called IBM-3740) in the catalogue of parametrised CRC algorithms.
    assert independent_checksum(b"123456789") == 0x29B1


@given(position=st.integers(0, len(ROW) - 1), flip=st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_changed_byte_of_a_record_is_detected(card_file: Path, position: int, flip: int) -> None:
    damaged = bytearray(ROW)
    damaged[position] ^= flip
    path = summary(card_file.parent, AIRSENSE_11, [ROW, bytes(damaged), ROW])
    assert read_edf(path).records_ok == (True, False, True)


@given(position=st.integers(0, HEADER_BYTES - 1), byte=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
def test_a_damaged_header_is_read_or_refused_but_never_crashes(card_file: Path, position: int, byte: int) -> None:
    path = summary(card_file.parent, AIRSENSE_11, [ROW, ROW, ROW])
    content = bytearray(path.read_bytes())
    content[position] = byte
    path.write_bytes(content)
    try:
        outcome: Card | CardError = read_card(path.parent)
    except CardError as refused:
        outcome = refused
    assert isinstance(outcome, Card) or "STR.edf" in str(outcome)
