"""A metric's curve as SVG, pure: drawn on the server, with a table beside it; `plot` has the same for the script."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from diagnostics.devices.schemas import MetricState, Readings
from diagnostics.timeline.schemas import Entry

WIDTH: Final = 720
HEIGHT: Final = 200
_LEFT: Final = 48
_BOTTOM: Final = 24
_GAPS: Final = 4
"""A pause longer than so many usual distances between readings is a gap and stays one."""
_LATE: Final = timedelta(minutes=1)
SIGNS: Final = MappingProxyType({"fault": "▼", "command": "◇", "loan": "⚑", "software": "↻"})
"""The shape of each kind of mark, so that colour is never the only sign."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One drawn value. `low` and `high` differ from `value` where readings were drawn together."""

    at: datetime
    known_at: datetime | None
    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, on the time axis."""

    x: float
    sign: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What the template draws; x and y are in the picture's own units, WIDTH by HEIGHT.

    Attributes:
        stretches: the samples again, a part for each stretch without a gap.
        late: readings that became known more than a minute after they happened, drawn hollow.
        hourly_until: up to then hourly values are drawn, with what had come in by `counted_at`; None: readings only.
    """

    metric: MetricState
    samples: tuple[Sample, ...]
    stretches: tuple[tuple[Sample, ...], ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    late: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]
    levels: tuple[tuple[float, float], ...]
    start: datetime
    end: datetime
    hourly_until: datetime | None = None
    counted_at: datetime | None = None
    width: int = WIDTH
    height: int = HEIGHT


def curve(found: Readings, metric: MetricState, happened: Sequence[Entry]) -> Curve:
    """The picture of what was read: a line for every stretch without a gap, a band from lowest to highest.

    Args:
        found: the readings.
        metric: whose.
        happened: what is marked on the time axis, of the kinds in SIGNS.
    """
    samples = _samples(found)
    low = min((sample.low for sample in samples), default=0.0)
    high = max((sample.high for sample in samples), default=1.0)
    if low == high:
        low, high = low - 1, high + 1
    span = (found.end - found.start).total_seconds()

    def x(at: datetime) -> float:
        return round(_LEFT + (at - found.start).total_seconds() / span * (WIDTH - _LEFT - 4), 1)

    def y(value: float) -> float:
        return round(8 + (high - value) / (high - low) * (HEIGHT - _BOTTOM - 8), 1)

    stretches = _stretches(samples)
    return Curve(
        metric=metric,
        samples=tuple(samples),
        stretches=tuple(tuple(part) for part in stretches),
        lines=tuple(" ".join(f"{x(s.at)},{y(s.value)}" for s in part) for part in stretches if len(part) > 1),
        bands=tuple(
            " ".join([f"{x(s.at)},{y(s.high)}" for s in part] + [f"{x(s.at)},{y(s.low)}" for s in reversed(part)])
            for part in stretches
            if found.downsampled and len(part) > 1
        ),
        dots=tuple((x(part[0].at), y(part[0].value)) for part in stretches if len(part) == 1),
        late=tuple((x(s.at), y(s.value)) for s in samples if is_late(s)),
        marks=tuple(Mark(x(e.at), SIGNS[e.kind.value], e) for e in happened if found.start <= e.at <= found.end),
        levels=tuple((y(value), value) for value in (low, (low + high) / 2, high)),
        start=found.start,
        end=found.end,
        hourly_until=found.hourly_until,
        counted_at=found.counted_at,
    )


def is_late(sample: Sample) -> bool:
    """Whether a reading became known more than a minute after it happened."""
    return sample.known_at is not None and sample.known_at - sample.at > _LATE


def _samples(found: Readings) -> list[Sample]:
    if found.downsampled:
        return [Sample(b.at, None, b.minimum, b.average, b.maximum) for b in found.buckets]
    return [Sample(p.at, p.known_at, float(p.value), float(p.value), float(p.value)) for p in found.points]


def _stretches(samples: Sequence[Sample]) -> list[list[Sample]]:
    if not samples:
        return []
    pauses = sorted((after.at - before.at).total_seconds() for before, after in itertools.pairwise(samples))
    longest = _GAPS * pauses[len(pauses) // 2] if pauses else 0.0
    parts = [[samples[0]]]
    for before, after in itertools.pairwise(samples):
        if (after.at - before.at).total_seconds() > longest:
            parts.append([])
        parts[-1].append(after)
    return parts
