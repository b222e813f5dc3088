"""A card folder of a ResMed AirSense AutoSet machine: which model it is, its nights, and where their detail lies."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from device_sim.replay.detail import DetailSample, detail_samples
from device_sim.replay.edf import CHECKSUM_CHANNEL, CardError, EdfFile, read_edf
from device_sim.replay.night import Night, Record, TherapyMode, night_from
from device_sim.replay.samples import MISSING

SUMMARY_FILE: Final = "STR.edf"
DETAIL_FOLDER: Final = "DATALOG"
_DATE_CHANNEL: Final = "Date"
_DAY_ZERO: Final = date(1970, 1, 1)
_NEEDED: Final = ("MaskOn", "MaskOff", "Duration", "Mode", "AHI", "HI", "RIN")


@dataclass(frozen=True, slots=True)
class _Model:
    """How a machine family is recognised: the MID number of its header, and a setting that only its AutoSet model has.

    The MID alone does not do: bilevel machines of a series are other device types with other signals. Mode codes as on
    the real cards (nights of fixed and of varying pressure), and code 2 as in published notes on AirSense 11 firmware.
    """

    key: str
    own_setting: str
    modes: Mapping[int, TherapyMode]


def _auto(prefix: str) -> TherapyMode:
    return TherapyMode("APAP", f"{prefix}.MinPress", f"{prefix}.MaxPress")


_FIXED: Final = TherapyMode("CPAP", "S.C.Press", "S.C.Press")
_MODELS: Final[Mapping[str, _Model]] = MappingProxyType(
    {
        "36": _Model("resmed-airsense10", "S.AS.MinPress", MappingProxyType({0: _FIXED, 1: _auto("S.AS")})),
        "46": _Model(
            "resmed-airsense11", "S.A.MinPress", MappingProxyType({1: _auto("S.A"), 2: _auto("S.AFH"), 3: _FIXED})
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card as read.

    Attributes:
        model: key of the device model, `resmed-airsense10` or `resmed-airsense11`.
        nights: nights with data, oldest first, used or not.
        unrecorded: dates for which the machine kept a row and stored nothing in it: unknown, never "not used".
        tonight: the date of the empty row at the end, if any; that night had not begun when the card was taken.
    """

    folder: Path
    model: str
    nights: tuple[Night, ...]
    unrecorded: tuple[date, ...]
    tonight: date | None

    def detail_files(self, night: Night) -> tuple[Path, ...]:
        """The night's two-second files, oldest first; none where the card keeps the summary only."""
        folder = self.folder / DETAIL_FOLDER / f"{night.recorded_on:%Y%m%d}"
        return tuple(sorted(folder.glob("*_PLD.edf")))

    def detail(self, night: Night) -> Iterator[DetailSample]:
        """The night's two-second samples in time order, read file by file as they are asked for.

        Raises:
            CardError: a file is damaged or comes from an unknown machine.
        """
        for path in self.detail_files(night):
            yield from detail_samples(read_edf(path), night)


def read_card(folder: Path) -> Card:
    """Read a card's nightly summary.

    Args:
        folder: the card's root, which holds STR.edf and DATALOG.

    Raises:
        CardError: there is no card, its summary is damaged, or it comes from a machine that is not known.
    """
    path = folder / SUMMARY_FILE
    if not path.is_file():
        raise CardError(
            f"{folder} holds no {SUMMARY_FILE}: name the card's root folder, which holds it beside {DETAIL_FOLDER}"
        )
    file = read_edf(path)
    model = _model_of(file)
    records = list(_records(file))
    days = [_day(file, index, record) for index, record in enumerate(records)]
    empty = [_is_empty(record) for record in records]
    tonight = days[-1] if empty and empty[-1] else None
    units = {label: channel.unit for label, channel in file.channels.items()}
    return Card(
        folder=folder,
        model=model.key,
        nights=tuple(
            night_from(record, units, day, modes=model.modes, crc_ok=crc_ok)
            for record, day, is_empty, crc_ok in zip(records, days, empty, file.records_ok, strict=True)
            if not is_empty
        ),
        unrecorded=tuple(day for day, is_empty in zip(days, empty, strict=True) if is_empty and day != tonight),
        tonight=tonight,
    )


def _model_of(file: EdfFile) -> _Model:
    found = re.search(r"\bMID=(\d+)", file.recording)
    model = _MODELS.get(found.group(1)) if found else None
    if model is None or model.own_setting not in file.channels:
        known = ", ".join(known.key for known in _MODELS.values())
        machine = found.group() if found else "a machine without MID"
        raise CardError(
            f"{file.path} comes from {machine}, a model that is not known (known: {known}): describe it first"
        )
    absent = [label for label in _NEEDED if label not in file.channels]
    if absent:
        raise CardError(
            f"{file.path} says it is a {model.key}, but lacks {', '.join(absent)}: copy it again from the card"
        )
    return model


def _records(file: EdfFile) -> Iterator[Record]:
    for index in range(len(file.records_ok)):
        yield {label: channel.records[index] for label, channel in file.channels.items()}


def _is_empty(record: Record) -> bool:
    kept = (samples for label, samples in record.items() if label not in {_DATE_CHANNEL, CHECKSUM_CHANNEL})
    return all(sample.raw == MISSING for samples in kept for sample in samples)


def _day(file: EdfFile, index: int, record: Record) -> date:
    """The record's own date where its checksum vouches for it; else by its place, since one record is one day."""
    stored = record.get(_DATE_CHANNEL)
    if stored and stored[0].raw > 0 and file.records_ok[index]:
        return _DAY_ZERO + timedelta(days=stored[0].raw)
    return file.clock_start.date() + timedelta(days=index)
