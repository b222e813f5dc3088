"""How models and firmware of one class differ: units, scales, missing channels, sentinels, names, and cost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from fleet.errors import ProfileError

_NOTHING: Mapping[str, "Conversion"] = MappingProxyType({})
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Native value to stored value and back: stored = native * scale + offset, after sentinels are taken out.

    Attributes:
        native_unit: what the machine calls its unit, for the reader.
        sentinels: native values that mean "not measured"; compared within `tolerance`, as a scaled -1 is rarely exact.
    """

    native_unit: str
    scale: float = 1.0
    offset: float = 0.0
    sentinels: tuple[float, ...] = ()
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        if self.scale == 0:
            raise ProfileError(f"conversion from {self.native_unit}: a scale of 0 cannot be undone")

    def is_sentinel(self, native: float) -> bool:
        """Whether this native value means "not measured"."""
        return any(math.isclose(native, sentinel, abs_tol=self.tolerance) for sentinel in self.sentinels)

    def to_stored(self, native: float) -> float | None:
        """The value in the metric's own unit, or None for a sentinel."""
        return None if self.is_sentinel(native) else native * self.scale + self.offset

    def to_native(self, stored: float | None) -> float:
        """What the machine would send; None becomes the first sentinel.

        Raises:
            ValueError: None, and the machine has no sentinel for it.
        """
        if stored is None:
            if not self.sentinels:
                msg = f"no sentinel in {self.native_unit} stands for a missing value"
                raise ValueError(msg)
            return self.sentinels[0]
        return (stored - self.offset) / self.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceModel:
    """One model of a class, from one firmware (inclusive) to another (exclusive).

    Attributes:
        key: stable name, such as `resmed-airsense11`.
        native_systems: fault-code systems its modules speak.
        missing: metric keys it does not have.
        conversions: metric key to conversion, where it does not send the stored unit.
        renamed: native metric name to metric key, for firmware that spells a metric its own way.
        rent_sek: rent a month, excluding VAT; a demo price list unless the centre loads its own.
        idle_policy: name of the class's idle policy that applies.
    """

    key: str
    maker: str
    name: str
    native_systems: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    conversions: Mapping[str, Conversion] = field(default_factory=lambda: _NOTHING)
    renamed: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    firmware_from: str = ""
    firmware_below: str = ""
    rent_sek: float = 125.0
    iso9999: str = ""
    idle_policy: str = "default"

    def covers(self, firmware: str) -> bool:
        """Whether this description holds for a firmware version such as `2.10.1`; an empty one counts as oldest."""
        version = version_key(firmware)
        low = not self.firmware_from or version >= version_key(self.firmware_from)
        return low and (not self.firmware_below or version < version_key(self.firmware_below))


@lru_cache(maxsize=10_000)
def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """An order for version texts: numbers by value, other parts by letters, so that 2.10 comes after 2.9."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in version.replace("-", ".").split(".")
        if part
    )
