import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.consumer import ProtocolViolation
from ingest.consumer.stream import PacketStream, packet_length


def publish(payload: bytes, packet_id: int = 1) -> bytes:
    return mqtt5.PublishPacket("test/a", payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()


def pour(stream: PacketStream, wire: bytes, pieces: list[int]) -> list[mqtt5.Packet]:
    """Hand over `wire` in pieces of these sizes, and the rest as the stream has room."""
    packets: list[mqtt5.Packet] = []
    while wire:
        space = stream.space()
        assert len(space) > 0
        size = min(pieces.pop(0) if pieces else len(wire), len(space), len(wire))
        space[:size] = wire[:size]
        packets += stream.advance(size)
        wire = wire[size:]
    return packets


def payloads(packets: list[mqtt5.Packet]) -> list[bytes]:
    return [packet.payload for packet in packets if isinstance(packet, mqtt5.PublishPacket)]


@given(
    st.lists(st.binary(max_size=400), max_size=12),
    st.lists(st.integers(1, 90), max_size=60),
)
def test_packets_come_out_whole_however_the_network_cuts_them(bodies: list[bytes], pieces: list[int]) -> None:
    stream = PacketStream(1_000_000, read_bytes=64)  # smaller than most packets: it grows and shrinks on the way
    wire = b"".join(publish(body, number + 1) for number, body in enumerate(bodies))
    assert payloads(pour(stream, wire, pieces)) == bodies


def test_a_large_packet_grows_the_buffer_only_while_it_lasts() -> None:
    stream = PacketStream(1_000_000, read_bytes=1024)
    assert payloads(pour(stream, publish(bytes(300_000)), [])) == [bytes(300_000)]
    assert len(stream.space()) == 1024


def test_payloads_stay_when_the_buffer_is_written_again() -> None:
    stream = PacketStream(1_000_000, read_bytes=64)
    [first] = payloads(pour(stream, publish(b"first"), []))
    pour(stream, publish(b"OTHER"), [])
    assert first == b"first"


def test_a_packet_larger_than_agreed_is_refused_at_its_head() -> None:
    stream = PacketStream(1000, read_bytes=64)
    with pytest.raises(ProtocolViolation, match="1000 were agreed"):
        pour(stream, publish(bytes(2000)), [10])


@pytest.mark.parametrize("wire", [b"\x00\x00", b"HTTP/1.1 400 Bad Request\r\n" * 10, b"\x30\xff\xff\xff\xff\xff"])
def test_what_is_not_mqtt_is_named_so(wire: bytes) -> None:
    with pytest.raises(ProtocolViolation, match="not MQTT 5"):
        pour(PacketStream(1000), wire, [])


@given(st.binary(min_size=1, max_size=64))
def test_no_bytes_at_all_raise_anything_else(wire: bytes) -> None:
    try:
        packets = pour(PacketStream(1_000_000), wire, [])
    except ProtocolViolation:
        return
    assert isinstance(packets, list)


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 300_000])
def test_the_length_of_a_packet_is_read_from_its_head(size: int) -> None:
    wire = publish(bytes(size))
    assert packet_length(memoryview(wire)[:5]) == len(wire)
    assert packet_length(memoryview(wire)[:1]) == 0
