"""The two-second detail of a session: mask pressure, leak and breathing, sample by sample, for replay of a burst."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from device_sim.replay.edf import CardError, Channel, EdfFile
from device_sim.replay.night import Night

# Field of DetailSample to the file's signal and the unit both machines give it; another unit is refused, never assumed.
DETAIL_SIGNALS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "mask_pressure": ("MaskPress.2s", "cmH2O"),
        "pressure": ("Press.2s", "cmH2O"),
        "expiratory_pressure": ("EprPress.2s", "cmH2O"),
        "leak": ("Leak.2s", "L/s"),
        "respiratory_rate": ("RespRate.2s", "bpm"),
        "tidal_volume": ("TidVol.2s", "L"),
        "minute_ventilation": ("MinVent.2s", "L/min"),
        "snore": ("Snore.2s", ""),
        "flow_limitation": ("FlowLim.2s", ""),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailSample:
    """Two seconds of therapy; None where the machine stored no value.

    Attributes:
        at: UTC instant.
        mask_pressure, pressure, expiratory_pressure: cmH2O, at the mask, set for breathing in, and for breathing out.
        leak: L/s. respiratory_rate: breaths a minute. tidal_volume: L. minute_ventilation: L/min.
        snore: 0 to 5. flow_limitation: 0 to 1.
        crc_ok: whether the checksum of the minute this sample belongs to holds; None: no checksum.
    """

    at: datetime
    mask_pressure: float | None
    pressure: float | None
    expiratory_pressure: float | None
    leak: float | None
    respiratory_rate: float | None
    tidal_volume: float | None
    minute_ventilation: float | None
    snore: float | None
    flow_limitation: float | None
    crc_ok: bool | None


def detail_samples(file: EdfFile, night: Night) -> Iterator[DetailSample]:
    """The samples of one session file in time order, at the time to which the night has been moved.

    Raises:
        CardError: the file lacks a signal or gives it in another unit.
    """
    channels = {name: _channel(file, label, unit) for name, (label, unit) in DETAIL_SIGNALS.items()}
    starts_at = night.instant_of(file.clock_start)
    for minute, crc_ok in enumerate(file.records_ok):
        rows = list(zip(*(channel.records[minute] for channel in channels.values()), strict=True))
        for index, row in enumerate(rows):
            values = {name: sample.value for name, sample in zip(channels, row, strict=True)}
            seconds = (minute + index / len(rows)) * file.record_seconds
            yield DetailSample(at=starts_at + timedelta(seconds=seconds), crc_ok=crc_ok, **values)


def _channel(file: EdfFile, label: str, unit: str) -> Channel:
    channel = file.channels.get(label)
    if channel is None or channel.unit != unit:
        found = "no such signal" if channel is None else f"unit {channel.unit!r}"
        raise CardError(
            f"{file.path}: {label} should be there in {unit or 'no unit'}, found {found}: not a known machine"
        )
    return channel
