import asyncio
from collections.abc import Sequence
from typing import cast

from ingest.consumer import Delivery
from ingest.lanes import Lanes, Storing, shares
from ingest.write.writer import Writer

LANES = 2


def delivery(number: int, topic: str) -> Delivery:
    return Delivery(topic, b"x", None, False, False, number, 1)


def mixed(count: int = 200) -> list[Delivery]:
    verbs = ("telemetry", "event", "birth", "status")
    return [delivery(number, f"fk/v1/device-{number * 7 % 23}/{verbs[number % 4]}") for number in range(1, count)]


def test_a_device_keeps_to_its_lane_whatever_it_says_and_in_order() -> None:
    batch = mixed()
    found = shares(batch, LANES)
    senders = [{entry.topic.split("/")[2] for entry in share} for share in found]
    assert not senders[0] & senders[1]
    assert sorted(entry.packet_id for share in found for entry in share) == [entry.packet_id for entry in batch]
    for share in found:
        assert [entry.packet_id for entry in share] == sorted(entry.packet_id for entry in share)
        assert share, "both lanes have work"


def test_a_device_takes_the_same_lane_in_every_batch() -> None:
    batch = mixed()
    first, again = shares(batch, LANES), shares(batch[::-1], LANES)
    assert [set(map(id, share)) for share in first] == [set(map(id, share)) for share in again]


def test_topics_of_nobody_are_kept_and_the_same_ones_meet() -> None:
    odd = ["", "fk/v1/", "$SYS/broker/publish/messages/dropped", "fk/v1/x", "fk/v1//telemetry"]
    found = shares([delivery(number, topic) for number, topic in enumerate(odd * 3)], LANES)
    assert sum(map(len, found)) == len(odd) * 3
    assert not {entry.topic for entry in found[0]} & {entry.topic for entry in found[1]}


def test_a_small_batch_and_one_that_must_be_alone_are_not_shared_out() -> None:
    batch, lanes = mixed(), Lanes([], share_from=100)
    assert lanes.share(batch[:99], alone=False) == [batch[:99]]
    assert lanes.share(batch, alone=True) == [batch]


def busy(count: int, storing: Sequence[Storing | None]) -> Lanes:
    """Lanes with so much on its way."""
    lanes = Lanes([cast("Writer", None)] * count, share_from=100)
    lanes._last = list(storing)
    return lanes


async def test_there_is_room_as_soon_as_one_share_is_stored_and_not_before() -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    one, other = (cast("Storing", asyncio.create_task(gate.wait())) for gate in gates)
    lanes = busy(2, [one, other])
    told = asyncio.create_task(lanes.some_stored())
    await asyncio.sleep(0)
    assert not lanes.room()
    assert not told.done()
    gates[1].set()
    await told
    assert lanes.room()
    gates[0].set()
    await one


async def test_a_whole_batch_on_its_way_keeps_nobody_waiting_and_neither_does_a_single_lane() -> None:
    gate = asyncio.Event()
    storing = cast("Storing", asyncio.create_task(gate.wait()))
    assert busy(2, [storing, storing]).room()
    assert busy(2, [None, storing]).room()
    assert busy(1, [storing]).room()
    gate.set()
    await storing
