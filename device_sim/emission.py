"""What a behaviour produces: something measured or noticed at one moment, before it has a number or a topic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Stored = float | bool | None


@dataclass(frozen=True, slots=True)
class Emission:
    """Values or an event at `at` (true time; the device's clock may differ).

    Attributes:
        values: metric key to value in the profile's unit; None is "not measured", which some models send as a sentinel.
        event: event name, or None where values are emitted.
        data: what the event carries.
    """

    at: datetime
    values: Mapping[str, Stored] = field(default_factory=dict)
    event: str | None = None
    data: Mapping[str, str | float | bool | None] = field(default_factory=dict)
