"""What is sent and what the database must hold afterwards: the same numbers, worked out from one small value. Pure."""

from collections.abc import Iterator
from itertools import chain
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
    """Messages 0 to `messages` - 1, dealt out to the devices in turn; a device's readings lie a minute apart.

    Attributes:
        first_at: milliseconds since 1970 of the earliest reading.
        withheld: so many messages in the middle are never sent, though they count as produced: the negative control.

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
        return -(-self.messages // self.devices) * self.readings_per_message

    @property
    def rows(self) -> int:
        """Readings in all messages, the withheld ones included."""
        return self.messages * self.readings_per_message

    def sent(self) -> Iterator[int]:
        """The messages that are really sent, in order; always with the last one, whose arrival ends the measurement."""
        middle = (self.messages - self.withheld) // 2
        return chain(range(middle), range(middle + self.withheld, self.messages))

    def rows_of(self, message: int) -> list[Row]:
        """The readings of one message, oldest first."""
        turn, device = divmod(message, self.devices)
        first = turn * self.readings_per_message
        return [
            Row(device, self._at(device, step), step + 1, _values(device, step))
            for step in range(first, first + self.readings_per_message)
        ]

    def all_rows(self) -> Iterator[Row]:
        """Every reading, in the order of sending."""
        return chain.from_iterable(map(self.rows_of, range(self.messages)))

    def payload(self, message: int) -> bytes:
        """The bytes a device would send: one reading, or an array of stored-up ones."""
        turn, device = divmod(message, self.devices)
        asks = (turn + device) % ASK_EVERY == 0
        rows = self.rows_of(message)
        readings = [_reading(row, outbox_from=rows[0].seq if asks and row is rows[-1] else None) for row in rows]
        return codec.encode(readings[0] if len(readings) == 1 else readings)

    def _at(self, device: int, step: int) -> int:
        # Devices are not in step with each other.
        return self.first_at + step * MINUTE_MILLISECONDS + device * 7_919 % MINUTE_MILLISECONDS


def device_id(device: int) -> str:
    """The id of a device by its index."""
    return f"bench-{device:06d}"


def _reading(row: Row, outbox_from: int | None) -> Reading:
    return Reading(
        ts=row.at, boot=BOOT, seq=row.seq, values=dict(zip(METRICS, row.values, strict=True)), outbox_from=outbox_from
    )


def _values(device: int, step: int) -> tuple[float, ...]:
    """Values that differ between devices and minutes, rounded as a device would."""
    place = device * 31 + step * 7
    return tuple(round(low + place % steps * size, 1) for _, low, steps, size in _METRICS)
