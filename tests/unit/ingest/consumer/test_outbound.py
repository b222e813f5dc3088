import mqtt5
import pytest

from ingest.consumer import Outgoing
from ingest.consumer.outbound import OutboundWindow, encode
from ingest.consumer.thin import pubacks


def test_packet_ids_run_from_1_to_65535_and_skip_those_under_way() -> None:
    window = OutboundWindow(10)
    first = window.take()
    window._last = 65_534
    assert (first, window.take(), window.take()) == (1, 65_535, 2)


def test_the_window_is_full_at_the_brokers_receive_maximum_and_opens_with_an_acknowledgement() -> None:
    window = OutboundWindow(2)
    window.take()
    packet_id = window.take()
    assert window.full
    window.acknowledged(packet_id)
    assert not window.full


def test_a_message_is_encoded_with_all_it_carries() -> None:
    wire = encode(Outgoing("a/b", b"x", 1, retain=True, content_type="text/plain", expires_seconds=9), 7, None)
    packet, size = mqtt5.read(memoryview(wire))
    assert size == len(wire)
    assert isinstance(packet, mqtt5.PublishPacket)
    assert (packet.topic, packet.payload, packet.packet_id, packet.retain) == ("a/b", b"x", 7, True)
    assert (packet.content_type, packet.message_expiry_interval) == ("text/plain", 9)
    assert packet.qos == mqtt5.QoS.AT_LEAST_ONCE


@pytest.mark.parametrize(
    "message",
    [
        Outgoing("a/b", b"x", 2),  # a quality this consumer does not offer
        Outgoing("a/+", b"x"),  # a wildcard is no topic
        Outgoing("a/b", bytes(200)),  # more than the broker takes
    ],
)
def test_what_the_broker_would_not_take_is_refused(message: Outgoing) -> None:
    with pytest.raises(ValueError, match=r"QoS 2|wildcard|[Tt]opic|the broker takes 100"):
        encode(message, None, 100)


def test_acknowledgements_are_the_bytes_the_codec_would_write() -> None:
    packet_ids = [1, 255, 256, 65_535]
    assert pubacks(packet_ids) == b"".join(mqtt5.PubAckPacket(packet_id).write() for packet_id in packet_ids)
