"""What a device of a region measures: made anew from its number and the reading's, so no outbox keeps it. Pure."""

from typing import Final, NamedTuple

import msgspec

from device_sim.regional.plan import RegionalPlan
from fleet.messages import Reading

DEVICE_CLASS: Final = "wheelchair"
MODEL: Final = "quantum-qlogic3"
"""A model that measures all eight, in the profile's own units."""


class Metric(NamedTuple):
    """A value is `low + size * n` with n below `steps`: every tenth exact, and easy to recompute elsewhere."""

    key: str
    low: float
    steps: int
    size: float


# A healthy chair that is being driven: no alarm rule is met, and two measures of usage grow.
METRICS: Final = (
    Metric("battery.voltage", 24.5, 25, 0.1),
    Metric("battery.soc", 45.0, 500, 0.1),
    Metric("battery.ah_left", 30.0, 400, 0.1),
    Metric("controller.temp", 20.0, 300, 0.1),
    Metric("drive.distance", 0.0, 400, 0.5),
    Metric("drive.time", 0.0, 60, 0.5),
    Metric("drive.speed_max", 0.0, 40, 0.1),
    Metric("gateway.rssi", -95.0, 50, 1.0),
)
_PIECES: Final = [
    ([msgspec.json.encode({key: round(low + n * size, 1)})[1:-1] for n in range(steps)], steps)
    for key, low, steps, size in METRICS
]
"""What each value of each metric looks like in a message."""
PER_DEVICE: Final = 31
PER_READING: Final = 7
PER_SEED: Final = 13


def place(plan: RegionalPlan, device: int, seq: int) -> int:
    """The number from which all values of a reading follow."""
    return device * PER_DEVICE + seq * PER_READING + plan.seed * PER_SEED


def reading(plan: RegionalPlan, device: int, seq: int, outbox_from: int | None = None) -> Reading:
    """One reading, asking for a receipt where `outbox_from` is given."""
    at = place(plan, device, seq)
    values: dict[str, float | bool | None] = {
        key: round(low + at % steps * size, 1) for key, low, steps, size in METRICS
    }
    return Reading(ts=plan.moment(device, seq), boot=plan.boot, seq=seq, values=values, outbox_from=outbox_from)


def payload(plan: RegionalPlan, device: int, first: int, last: int, outbox_from: int | None = None) -> bytes:
    """The bytes of a message with the readings `first` to `last`; the last of them asks.

    What the codec would make of them, put together from pieces that it made before: a fleet in one process has some ten
    microseconds for a message, and the codec's way of a reading takes as long.
    """
    at, ts = place(plan, device, first), plan.moment(device, first)
    texts = []
    for seq in range(first, last + 1):
        values = b",".join([pieces[at % steps] for pieces, steps in _PIECES])
        texts.append(b'{"ts":%d,"boot":%d,"seq":%d,"values":{%b}}' % (ts, plan.boot, seq, values))
        at += PER_READING
        ts += plan.step
    if outbox_from is not None:
        texts[-1] = b'%b,"outbox_from":%d}' % (texts[-1][:-1], outbox_from)
    return texts[0] if first == last else b"[%b]" % b",".join(texts)
