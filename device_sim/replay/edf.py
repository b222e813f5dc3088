"""The border to EDF files: bytes of one file in, whole checked records out, or an error that says what to do.

The reading itself is edfio's (docs/decisions/0005-edf-reader.md). Done here is what it leaves open: refusing a file
that was cut short, checking each record's checksum, and unit labels, whose degree sign it replaces.
"""

import binascii
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import edfio

from device_sim.replay.samples import MISSING, Sample
from fleet.errors import FjarrkollError, shown

CHECKSUM_CHANNEL: Final = "Crc16"
_CHECKSUM_BYTES: Final = 2
_UNKNOWN_COUNT: Final = -1
# Field places from the EDF specification (Kemp et al. 1992): a fixed part, then one column of fields per signal.
_FIXED_HEADER: Final = 256
_RECORD_COUNT: Final = slice(236, 244)
_SIGNAL_COUNT: Final = slice(252, 256)
_BYTES_BEFORE_UNIT: Final = 16 + 80  # label and transducer
_UNIT_BYTES: Final = 8
# edfio announces a wrong length by these warnings and reads on; `_refuse_wrong_length` has already decided by then.
_LENGTH_WARNINGS: Final = "EDF header indicates|Incomplete data record"


class CardError(FjarrkollError):
    """A card, or a file on it, cannot be read; the message names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of a file: its native unit as the file spells it, and its samples, one tuple per record."""

    unit: str
    records: tuple[tuple[Sample, ...], ...]


@dataclass(frozen=True, slots=True)
class EdfFile:
    """A file that is complete.

    Attributes:
        clock_start: when recording began, by the machine's own clock. Naive, because the file holds no time zone;
            `Night.instant_of` is the only place that turns it into an instant.
        recording: the header's recording identification, which names the machine family.
        record_seconds: time covered by one record.
        records_ok: per record, whether its checksum holds; None where the file has no checksum channel.
    """

    path: Path
    clock_start: datetime
    recording: str
    record_seconds: float
    channels: Mapping[str, Channel]
    records_ok: tuple[bool | None, ...]


def read_edf(path: Path) -> EdfFile:
    """Read one EDF file of a card.

    Raises:
        CardError: the file is absent, is no EDF, is cut short, or contradicts itself.
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise CardError(f"{path} cannot be opened ({cause.strerror}): check the folder and the card") from cause
    try:
        # Recorded, not turned into errors: edfio swallows exceptions where it warns of contradicting start dates.
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always", UserWarning)
            warnings.filterwarnings("ignore", message=_LENGTH_WARNINGS)
            file = _checked(path, content, edfio.read_edf(io.BytesIO(content)))
    except (ValueError, IndexError, ArithmeticError) as cause:  # edfio's answers to bytes that are no EDF
        raise _unreadable(path, cause) from cause
    for complaint in complaints:
        raise _unreadable(path, complaint.message)
    return file


def checksum(record: bytes) -> int:
    """CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) over a record's bytes before its checksum.

    Not documented by the maker: established on the real cards, where it holds in all 96 summary records and in every
    record of the detail and event files.
    """
    return binascii.crc_hqx(record[:-_CHECKSUM_BYTES], 0xFFFF)


def _unreadable(path: Path, reason: object) -> CardError:
    return CardError(f"{path} is not a readable EDF file ({shown(str(reason))}): copy it again from the card")


def _checked(path: Path, content: bytes, edf: edfio.Edf) -> EdfFile:
    if int(content[_SIGNAL_COUNT]) != len(edf.signals):
        raise CardError(f"{path} holds events, not samples: name an STR or PLD file")
    record_bytes = 2 * sum(signal.samples_per_data_record for signal in edf.signals)
    header_bytes = _FIXED_HEADER * (1 + len(edf.signals))
    _refuse_wrong_length(path, content, header_bytes, record_bytes)
    records = [content[start : start + record_bytes] for start in range(header_bytes, len(content), record_bytes)]
    units = [_unit(content, len(edf.signals), index) for index in range(len(edf.signals))]
    channels = {signal.label: _channel(signal, unit) for signal, unit in zip(edf.signals, units, strict=True)}
    return EdfFile(
        path=path,
        clock_start=edf.startdatetime,
        recording=edf.local_recording_identification,
        record_seconds=edf.data_record_duration,
        channels=MappingProxyType(channels),
        records_ok=_records_ok(records, edf.signals[-1].label),
    )


def _refuse_wrong_length(path: Path, content: bytes, header_bytes: int, record_bytes: int) -> None:
    promised = int(content[_RECORD_COUNT])
    whole, left_over = divmod(len(content) - header_bytes, record_bytes) if record_bytes > 0 else (0, 1)
    # -1 is legal EDF for "recording was not closed": a session under a minute leaves such a file, without any record.
    if left_over or promised not in {whole, _UNKNOWN_COUNT}:
        raise CardError(
            f"{path} is cut short or damaged: its header promises {promised} records of {record_bytes} bytes, "
            f"the file holds {whole} whole ones and {left_over} bytes: copy it again from the card"
        )


def _records_ok(records: list[bytes], last_label: str) -> tuple[bool | None, ...]:
    if last_label != CHECKSUM_CHANNEL:
        return (None,) * len(records)
    return tuple(int.from_bytes(record[-_CHECKSUM_BYTES:], "little") == checksum(record) for record in records)


def _channel(signal: edfio.EdfSignal, unit: str) -> Channel:
    # Six decimals undo the noise of scaling: a stored -1 gives -0.02, not -0.020000000000000462.
    scaled = [round(value, 6) for value in signal.data.tolist()]
    can_be_missing = signal.digital_min > MISSING
    samples = [
        Sample(raw, value, can_be_missing and raw == MISSING)
        for raw, value in zip(signal.digital.tolist(), scaled, strict=True)
    ]
    size = signal.samples_per_data_record
    return Channel(unit, tuple(tuple(samples[start : start + size]) for start in range(0, len(samples), size)))


def _unit(content: bytes, signals: int, index: int) -> str:
    """A signal's unit from the header itself: edfio decodes it as ASCII, which loses the degree sign."""
    start = _FIXED_HEADER + signals * _BYTES_BEFORE_UNIT + index * _UNIT_BYTES
    field = content[start : start + _UNIT_BYTES]
    try:
        return field.decode("utf-8").strip()  # as in the AirSense 10 file at hand
    except UnicodeDecodeError:
        return field.decode("latin-1").strip()  # as domain.md 3.6 saw it; every byte is a letter there
