import asyncio

import pytest

from ingest.consumer import ConsumerStatistics, Delivery, Disconnected
from ingest.consumer.inbox import Inbox


def delivery(packet_id: int, payload: bytes = b"x") -> Delivery:
    return Delivery("t", payload, None, False, False, packet_id, 1)


def opened(receive_maximum: int = 100, buffer_bytes: int = 1000) -> Inbox:
    inbox = Inbox(receive_maximum=receive_maximum, buffer_bytes=buffer_bytes, statistics=ConsumerStatistics())
    inbox.open()
    return inbox


async def test_a_batch_keeps_the_order_and_leaves_the_rest() -> None:
    inbox, sent = opened(), [delivery(number) for number in range(1, 6)]
    inbox.put(sent)
    assert await inbox.next_batch(3, 0) == sent[:3]
    assert await inbox.next_batch(3, 0) == sent[3:]


async def test_what_somebody_waits_for_ends_the_linger_and_keeps_the_order() -> None:
    inbox = Inbox(receive_maximum=100, buffer_bytes=1000, statistics=ConsumerStatistics(), urgent="/reply")
    inbox.open()
    waiting = asyncio.create_task(inbox.next_batch(100, 3600))
    inbox.put([delivery(1)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put([delivery(2), Delivery("fk/v1/d/reply", b"x", None, False, False, 3, 1)])
    assert [one.packet_id for one in await waiting] == [1, 2, 3]
    inbox.put([delivery(4)])
    later = asyncio.create_task(inbox.next_batch(100, 3600))
    await asyncio.sleep(0)
    assert not later.done(), "the hurry was over with its batch"
    inbox.interrupt()
    assert len(await later) == 1


async def test_more_than_the_receive_maximum_stops_reading_instead_of_failing() -> None:
    inbox = opened(receive_maximum=2)
    inbox.put([delivery(1), delivery(2)])
    assert not inbox.over_budget
    inbox.put([delivery(3)])
    assert inbox.over_budget
    batch = await inbox.next_batch(10, 5)
    inbox.settle(batch[:1])
    assert not inbox.over_budget


async def test_a_full_byte_budget_hands_out_what_there_is() -> None:
    inbox = opened(buffer_bytes=10)
    inbox.put([delivery(1, bytes(10))])
    assert inbox.over_budget
    assert len(await asyncio.wait_for(inbox.next_batch(10, 5), 1)) == 1
    assert inbox.held_bytes == 10  # handed out is not acknowledged


async def test_a_batch_ends_at_its_bytes_so_that_the_next_can_be_decided_beside_it() -> None:
    inbox = Inbox(receive_maximum=100, buffer_bytes=1000, statistics=ConsumerStatistics(), batch_bytes=10)
    inbox.open()
    sent = [delivery(number, bytes(4)) for number in range(1, 8)]
    inbox.put(sent)
    sizes = [len(await asyncio.wait_for(inbox.next_batch(50, 3600), 1)) for _ in range(2)]
    assert sizes == [3, 3], "it does not linger for more than it takes"
    assert await inbox.next_batch(50, 0) == sent[6:]
    inbox.put([delivery(8, bytes(500))])
    assert len(await inbox.next_batch(50, 0)) == 1, "one message is always taken"


async def test_a_loss_drops_what_was_not_handed_out_and_says_why_every_time() -> None:
    inbox = opened()
    inbox.put([delivery(1)])
    inbox.fail(Disconnected("cut"))
    inbox.fail(Disconnected("a later reason is no news"))
    for _ in range(2):
        with pytest.raises(Disconnected, match="cut"):
            await inbox.next_batch(1, 0)
    assert (inbox.held_bytes, inbox.unacknowledged) == (0, 0)
    assert inbox._statistics.dropped_at_disconnect == 1


async def test_nothing_of_an_older_connection_is_handed_out_on_a_new_one() -> None:
    inbox, new = opened(), delivery(1)
    inbox.put([delivery(1), delivery(2)])
    inbox.fail(Disconnected("cut"))
    inbox.open()
    inbox.put([new])
    assert await inbox.next_batch(10, 0) == [new]


async def test_a_batch_of_nothing_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="at least one"):
        await opened().next_batch(0, 0)
