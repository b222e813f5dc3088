"""What is sent and what the database must hold afterwards: the same numbers, worked out from one small value. Pure."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, count
from math import gcd
from typing import Final, NamedTuple

import msgspec

from fleet import codec
from fleet.errors import ConfigurationError
from fleet.messages import Reading

DEVICE_CLASS: Final = "wheelchair"
MODEL: Final = "quantum-qlogic3"
"""A model that measures all eight, in the profile's own units."""
BOOT: Final = 1
MINUTE_MILLISECONDS: Final = 60_000
ASK_EVERY: Final = 20
"""Messages of a device between two requests for a receipt, as in the simulator's outbox."""
MOST_MINUTES: Final = 300 * 24 * 60
"""How far back a device's readings may reach; what is older than 400 days is not believed (fleet/clock.py)."""

# Metric key, lowest value, steps, size of a step: a healthy chair that is being driven. No alarm rule is met, and two
# measures of usage grow.
_METRICS: Final = (
    ("battery.voltage", 24.5, 25, 0.1),
    ("battery.soc", 45.0, 500, 0.1),
    ("battery.ah_left", 30.0, 400, 0.1),
    ("controller.temp", 20.0, 300, 0.1),
    ("drive.distance", 0.0, 400, 0.5),
    ("drive.time", 0.0, 60, 0.5),
    ("drive.speed_max", 0.0, 40, 0.1),
    ("gateway.rssi", -95.0, 50, 1.0),
)
_GOLDEN: Final = 0.618  # the step that scatters best
METRICS: Final = tuple(key for key, *_ in _METRICS)


class Row(NamedTuple):
    """One reading as it must stand in the database.

    Attributes:
        device: index of the device within the workload.
        at: milliseconds since 1970.
        values: in the order of `METRICS`.
    """

    device: int
    at: int
    seq: int
    values: tuple[float, ...]


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """First one message of each device, to warm up, then the `messages` that are timed; all are numbered from 0.

    The devices take turns, in an order that scatters neighbours, and a device's readings lie a minute apart.

    Attributes:
        messages: timed ones.
        first_at: milliseconds since 1970 of the earliest reading.
        withheld: so many of them, in the middle, are never sent though they count as generated: the negative control.

    Raises:
        ConfigurationError: a number is not positive, or a device's readings would reach back further than is believed.
    """

    messages: int
    readings_per_message: int
    devices: int
    first_at: int
    withheld: int = 0

    def __post_init__(self) -> None:
        if min(self.messages, self.readings_per_message, self.devices) < 1 or not 0 <= self.withheld < self.messages:
            raise ConfigurationError("messages, readings per message and devices must be at least 1, and one is sent")
        if self.minutes > MOST_MINUTES:
            raise ConfigurationError(
                f"{self.minutes} readings of one device, a minute apart, reach back too far: use more devices"
            )

    @classmethod
    def ending_at(
        cls, now_milliseconds: int, *, messages: int, readings_per_message: int, devices: int, withheld: int = 0
    ) -> "Workload":
        """The workload whose latest reading is a little older than now."""
        sized = cls(
            messages=messages,
            readings_per_message=readings_per_message,
            devices=min(devices, messages),
            first_at=0,
            withheld=withheld,
        )
        return msgspec.structs.replace(sized, first_at=now_milliseconds - (sized.minutes + 1) * MINUTE_MILLISECONDS)

    @property
    def minutes(self) -> int:
        """Readings of the busiest device."""
        return -(-self.produced // self.devices) * self.readings_per_message

    @property
    def produced(self) -> int:
        """Messages, those to warm up and the withheld ones included."""
        return self.devices + self.messages

    @property
    def rows(self) -> int:
        """Readings in all messages that are produced."""
        return self.produced * self.readings_per_message

    @property
    def warming(self) -> range:
        """The messages that are sent before the clock starts: a device's first costs more than any later one."""
        return range(self.devices)

    @property
    def timed(self) -> Sequence[int]:
        """The messages that are sent while it runs; always with the last one, whose arrival ends the measurement."""
        middle = self.devices + (self.messages - self.withheld) // 2
        return [*range(self.devices, middle), *range(middle + self.withheld, self.produced)]

    def device_of(self, message: int) -> int:
        """Which device sends a message, by its index."""
        return message * _stride(self.devices) % self.devices

    def shared(self, messages: Sequence[int], share: tuple[int, int]) -> list[int]:
        """Those of `messages` whose device belongs to a share: which one, of how many."""
        which, of = share
        return [message for message in messages if self.device_of(message) % of == which]

    def rows_of(self, message: int) -> list[Row]:
        """The readings of one message, oldest first."""
        turn, device = message // self.devices, self.device_of(message)
        first = turn * self.readings_per_message
        return [
            Row(device, self._at(device, step), step + 1, _values(device, step))
            for step in range(first, first + self.readings_per_message)
        ]

    def all_rows(self) -> Iterator[Row]:
        """Every reading, in the order of sending."""
        return chain.from_iterable(map(self.rows_of, range(self.produced)))

    def payload(self, message: int) -> bytes:
        """The bytes a device would send: one reading, or an array of stored-up ones."""
        asks = (message // self.devices + self.device_of(message)) % ASK_EVERY == 0
        rows = self.rows_of(message)
        readings = [_reading(row, outbox_from=rows[0].seq if asks and row is rows[-1] else None) for row in rows]
        return codec.encode(readings[0] if len(readings) == 1 else readings)

    def _at(self, device: int, step: int) -> int:
        # Devices are not in step with each other.
        return self.first_at + step * MINUTE_MILLISECONDS + device * 7_919 % MINUTE_MILLISECONDS


def device_id(device: int) -> str:
    """The id of a device by its index."""
    return f"bench-{device:06d}"


@cache
def _stride(devices: int) -> int:
    """From one device to the next; without common factor with their number, so that a turn meets each once."""
    return next(step for step in count(max(1, round(devices * _GOLDEN))) if gcd(step, devices) == 1)


def _reading(row: Row, outbox_from: int | None) -> Reading:
    return Reading(
        ts=row.at, boot=BOOT, seq=row.seq, values=dict(zip(METRICS, row.values, strict=True)), outbox_from=outbox_from
    )


def _values(device: int, step: int) -> tuple[float, ...]:
    """Values that differ between devices and minutes, rounded as a device would."""
    place = device * 31 + step * 7
    return tuple(round(low + place % steps * size, 1) for _, low, steps, size in _METRICS)
