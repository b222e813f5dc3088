import mqtt5
import pytest

from benchmarks.acknowledgements import LAST_PACKET_ID, Acknowledgements, GeneratorError, packet_id


def pubacks(first: int, count: int, reason: mqtt5.PubAckReasonCode = mqtt5.PubAckReasonCode.SUCCESS) -> bytes:
    return b"".join(
        mqtt5.PubAckPacket(packet_id(position), reason_code=reason).write() for position in range(first, first + count)
    )


def test_successes_are_counted_whatever_pieces_they_come_in() -> None:
    data = pubacks(0, 100)
    for size in (1, 3, 4, 7, 400):
        counted = Acknowledgements()
        for start in range(0, len(data), size):
            counted.take(data[start : start + size])
        assert (counted.total, dict(counted.reasons)) == (100, {"SUCCESS": 100})


def test_packet_ids_begin_again_after_the_last() -> None:
    counted = Acknowledgements()
    for start in range(0, 3 * LAST_PACKET_ID, 16_000):
        counted.take(pubacks(start, 16_000))
    assert counted.total == counted.reasons["SUCCESS"] > 3 * LAST_PACKET_ID


def test_other_reasons_are_counted_by_name_and_do_not_disturb_what_follows() -> None:
    counted = Acknowledgements()
    counted.take(pubacks(0, 2) + pubacks(2, 3, mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS) + pubacks(5, 1))
    counted.take(pubacks(6, 10))
    assert counted.total == 16
    assert dict(counted.reasons) == {"SUCCESS": 13, "NO_MATCHING_SUBSCRIBERS": 3}


def test_an_answer_out_of_order_is_an_error() -> None:
    with pytest.raises(GeneratorError, match="acknowledged 2 where 1 was next"):
        Acknowledgements().take(pubacks(1, 1))


def test_a_broker_that_says_goodbye_is_an_error() -> None:
    goodbye = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.QUOTA_EXCEEDED).write()
    with pytest.raises(GeneratorError, match="DisconnectPacket"):
        Acknowledgements().take(pubacks(0, 1) + goodbye)
