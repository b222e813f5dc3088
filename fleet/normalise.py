"""The border where a model's units, scales, sentinels and names become the profile's, and back for the simulator."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fleet.errors import RejectedMessageError, RejectionReason, shown
from fleet.messages import Value
from fleet.models import Conversion, DeviceModel
from fleet.profile import DeviceProfile
from fleet.signals import Kind, Metric

Measured = float | bool
_NOTHING: Final[Mapping[str, Measured]] = MappingProxyType({})


class Normalised(msgspec.Struct, frozen=True, gc=False):
    """Values as they are stored.

    Attributes:
        values: metric key to value in the metric's own unit; "not measured" is left out.
        unknown: what no metric of the profile describes, as it came; kept and flagged, never dropped.
    """

    values: dict[str, Measured]
    unknown: Mapping[str, Measured] = _NOTHING


# Key, type, low, high, whether whole: of a metric whose native value is the stored one while it is of this type and in
# this range. A plain tuple, since unpacking a named one costs as much as all the rest.
_AsItCame = tuple[str, type, float, float, bool]


class Normaliser:
    """Turns what one model sends into what is stored. Built once per model and firmware, used for every message."""

    def __init__(self, profile: DeviceProfile, model: DeviceModel | None) -> None:
        self._metrics = profile.metrics_by_key
        self._renamed: Mapping[str, str] = model.renamed if model else {}
        self._conversions: Mapping[str, Conversion] = model.conversions if model else {}
        self._as_it_came = self._unconverted()

    def _unconverted(self) -> dict[str, _AsItCame]:
        """Native name to metric, where no conversion is needed: most values take this way, at a fifth of the cost."""
        names = {name: key for name, key in self._renamed.items() if key in self._metrics}
        names |= {key: key for key in self._metrics if key not in self._renamed}
        return {
            name: (key, bool if metric.kind is Kind.FLAG else float, metric.low, metric.high, metric.kind is Kind.COUNT)
            for name, key in names.items()
            if key not in self._conversions and (metric := self._metrics[key])
        }

    @property
    def as_they_come(self) -> dict[str, str]:
        """Native name to metric key, of metrics whose native value is the stored one."""
        return {name: key for name, (key, *_) in self._as_it_came.items()}

    def normalise(self, values: Mapping[str, Value], stated_units: Mapping[str, str]) -> Normalised:
        """The stored form of one reading's values.

        Args:
            values: as decoded from the wire.
            stated_units: UCUM unit per name where the message states them (SenML), else empty.

        Raises:
            RejectedMessageError: a value is outside its metric's range, of the wrong kind, or in another unit than the
                profile's; the sentence names the metric, the value and the range.
        """
        known: dict[str, Measured] = {}
        unknown: dict[str, Measured] | None = None
        as_it_came = {} if stated_units else self._as_it_came
        for name, native in values.items():
            if native is None:
                continue
            plain = as_it_came.get(name)
            if plain is not None:
                key, kind, low, high, whole = plain
                if native.__class__ is kind and low <= native <= high:
                    known[key] = round(native) if whole else native
                    continue
            key = self._renamed.get(name, name)
            metric = self._metrics.get(key)
            if metric is None:
                unknown = {} if unknown is None else unknown
                unknown[name] = native
                continue
            value = self._stored(metric, native, stated_units.get(name))
            if value is not None:
                known[key] = value
        return Normalised(known, unknown) if unknown else Normalised(known)

    def _stored(self, metric: Metric, native: Measured, stated_unit: str | None) -> Measured | None:
        if stated_unit is not None and stated_unit != metric.unit:
            raise RejectedMessageError(
                RejectionReason.UNKNOWN_UNIT, f"{metric.key} in {shown(stated_unit)}: send it in {metric.unit}"
            )
        if isinstance(native, bool) or metric.kind is Kind.FLAG:
            return _flag(metric, native)
        conversion = self._conversions.get(metric.key)
        value = native if conversion is None or stated_unit is not None else conversion.to_stored(native)
        if value is None:
            return None
        if not metric.low <= value <= metric.high:
            value = _at_the_edge(metric, value)
        return round(value) if metric.kind is Kind.COUNT else value

    def to_native(self, values: Mapping[str, float | bool | None]) -> dict[str, float | bool | None]:
        """What the model would send for stored values; None becomes its sentinel, or a null where it has none."""
        spelled = {key: name for name, key in self._renamed.items()}
        return {spelled.get(key, key): self._native(key, value) for key, value in values.items()}

    def _native(self, key: str, value: Value) -> Value:
        conversion = self._conversions.get(key)
        if conversion is None or isinstance(value, bool) or (value is None and not conversion.sentinels):
            return value
        return conversion.to_native(value)


def _at_the_edge(metric: Metric, value: float) -> float:
    """The limit itself where only rounding in the conversion carried a value past it (4.2 m/s sent as 15.12 km/h)."""
    slack = 1e-6 * (metric.high - metric.low)
    if metric.low - slack <= value <= metric.high + slack:
        return float(min(max(value, metric.low), metric.high))
    raise RejectedMessageError(
        RejectionReason.OUT_OF_RANGE,
        f"{metric.key} = {value:g} {metric.unit} is outside {metric.low:g}..{metric.high:g}: check unit and sensor",
    )


def _flag(metric: Metric, native: Measured) -> bool:
    """A flag may come as true/false or as 1/0; nothing else is a flag, and a flag is no number."""
    if metric.kind is Kind.FLAG and native in (0, 1):
        return bool(native)
    raise RejectedMessageError(
        RejectionReason.WRONG_SHAPE, f"{metric.key} = {native!r} is not a {metric.kind}: send {_expected(metric)}"
    )


def _expected(metric: Metric) -> str:
    return "true or false" if metric.kind is Kind.FLAG else f"a number in {metric.unit}"
