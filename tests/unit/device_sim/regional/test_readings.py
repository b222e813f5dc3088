"""What a device of a region says: the bytes the codec would make of its readings."""

from random import Random

import pytest

from device_sim.regional.plan import RegionalPlan
from device_sim.regional.readings import payload, reading
from fleet import codec


@pytest.mark.parametrize("readings_per_message", [1, 5])
def test_a_message_is_byte_for_byte_what_the_codec_makes_of_its_readings(readings_per_message: int) -> None:
    random = Random(readings_per_message)
    for _ in range(500):
        plan = RegionalPlan(
            devices=random.randrange(1, 3_000_000),
            seed=random.randrange(1000),
            interval_seconds=300,
            readings_per_message=readings_per_message,
            began_at=1_795_305_600_000 + random.randrange(10**9),
            stored_up=random.choice([0, 288]),
            boot=random.randrange(1, 2**31),
        )
        device, first = random.randrange(plan.devices), random.randrange(1, 10**6)
        last = first + random.choice([0, readings_per_message - 1, 39])
        asks = random.choice([None, random.randrange(first + 1)])
        readings = [reading(plan, device, seq, asks if seq == last else None) for seq in range(first, last + 1)]
        told = codec.encode(readings[0] if first == last else readings)
        assert payload(plan, device, first, last, asks) == told
