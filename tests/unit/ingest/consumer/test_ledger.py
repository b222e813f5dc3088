from hypothesis import given
from hypothesis import strategies as st

from ingest.consumer import Delivery
from ingest.consumer.ledger import Ledger


def delivery(packet_id: int, payload: bytes = b"12345") -> Delivery:
    return Delivery("t", payload, None, False, False, packet_id, 1)


def arrived(*packet_ids: int) -> tuple[Ledger, list[Delivery]]:
    ledger, deliveries = Ledger(), [delivery(packet_id) for packet_id in packet_ids]
    ledger.arrived(deliveries)
    return ledger, deliveries


def test_the_head_of_the_queue_is_settled_at_once() -> None:
    ledger, deliveries = arrived(1, 2, 3)
    settlement = ledger.settle(deliveries[:2])
    assert (settlement.packet_ids, settlement.freed_bytes, settlement.foreign) == ([1, 2], 10, 0)
    assert len(ledger) == 1


def test_what_is_settled_early_waits_for_what_arrived_before_it_but_frees_its_bytes() -> None:
    ledger, (first, second, third) = arrived(7, 5, 6)
    early = ledger.settle([third])
    assert (early.packet_ids, early.freed_bytes) == ([], 5)
    assert ledger.settle([first]).packet_ids == [7]
    assert ledger.settle([second]).packet_ids == [5, 6]
    assert len(ledger) == 0


def test_a_repeated_acknowledgement_does_not_settle_the_next_message_with_the_same_packet_id() -> None:
    ledger, (old,) = arrived(1)
    ledger.settle([old])
    new = delivery(1)  # the broker uses the packet id again
    ledger.arrived([new])
    settlement = ledger.settle([old])
    assert (settlement.packet_ids, settlement.foreign) == ([], 1)
    assert ledger.settle([new]).packet_ids == [1]


def test_a_message_acknowledged_twice_while_it_waits_counts_once() -> None:
    ledger, (first, second) = arrived(1, 2)
    assert ledger.settle([second, second]).foreign == 1
    assert ledger.settle([second]).foreign == 1
    assert ledger.settle([first]).packet_ids == [1, 2]


def test_quality_0_is_neither_noted_nor_settled() -> None:
    ledger, (zero, one) = arrived(0, 1)
    assert len(ledger) == 1
    settlement = ledger.settle([zero, one])
    assert (settlement.packet_ids, settlement.foreign) == ([1], 0)


def test_after_a_loss_nothing_of_before_is_settled() -> None:
    ledger, deliveries = arrived(1, 2)
    ledger.settle(deliveries[1:])
    ledger.clear()
    settlement = ledger.settle(deliveries)
    assert (settlement.packet_ids, settlement.foreign) == ([], 2)


@given(st.data(), st.integers(1, 30))
def test_whatever_the_order_of_acknowledgement_the_pubacks_keep_the_order_of_arrival(
    data: st.DataObject, count: int
) -> None:
    ledger, deliveries = arrived(*range(1, count + 1))
    shuffled = data.draw(st.permutations(deliveries))
    sent: list[int] = []
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        sent += ledger.settle(shuffled[:size]).packet_ids
        shuffled = shuffled[size:]
    assert sent == list(range(1, count + 1))
    assert len(ledger) == 0
