"""The generator, a process of its own: publishes a workload at QoS 1 over one connection, as cheaply as Python can.

Every packet is encoded before the clock starts; what remains is one `send` and one `recv` per millisecond. A message is
sent once: a lost connection is an error, never a silent resend. It speaks with its parent by lines of JSON: order in,
"ready" out, "go" in, report out.
"""

import resource
import socket
import sys
import time
from array import array
from collections.abc import Sequence
from typing import Final

import mqtt5
import msgspec

from benchmarks.acknowledgements import READ_BYTES, Acknowledgements, GeneratorError, packet_id
from benchmarks.workload import Workload, device_id
from fleet.topics import Verb, topic

REST_SECONDS: Final = 0.001
"""Pause between two looks at the line. Acknowledgements gather meanwhile; waking up for each costs six times more."""
STALL_SECONDS: Final = 30.0
SEND_BUFFER_BYTES: Final = 1 << 20


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do.

    Attributes:
        warming: send the messages that warm up instead of those that are timed.
        share: (which, of how many): only messages of devices whose number leaves that rest, where shards share a load.
        window: messages sent and not acknowledged, at most; the broker may ask for fewer.
        seconds: when to give up.
    """

    host: str
    port: int
    username: str
    password: str
    workload: Workload
    warming: bool = False
    share: tuple[int, int] = (0, 1)
    window: int = 2000
    seconds: float = 600.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done.

    Attributes:
        sent: messages handed to the operating system, each once.
        acknowledged: PUBACKs by the name of their reason code.
        started_at, ended_at: seconds since 1970 of the first send and the last PUBACK.
        cpu_seconds: of this process between the two, the kernel's work for it included.
        bytes_sent: of MQTT packets.
    """

    sent: int
    acknowledged: dict[str, int]
    started_at: float
    ended_at: float
    cpu_seconds: float
    bytes_sent: int


class Packets:
    """PUBLISH packets of some of a workload's messages, end to end in one buffer."""

    def __init__(self, workload: Workload, messages: Sequence[int]) -> None:
        topics = [topic(device_id(device), Verb.TELEMETRY) for device in range(workload.devices)]
        self._ends = array("Q", [0])
        buffer = bytearray()
        for position, message in enumerate(messages):
            buffer += mqtt5.PublishPacket(
                topics[workload.device_of(message)],
                workload.payload(message),
                qos=mqtt5.QoS.AT_LEAST_ONCE,
                packet_id=packet_id(position),
            ).write()
            self._ends.append(len(buffer))
        self.bytes = memoryview(buffer)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def end_of(self, count: int) -> int:
        """Where the first `count` packets end."""
        return self._ends[min(count, len(self))]


def connect(order: Order) -> tuple[socket.socket, int]:
    """A connection that the broker has accepted, and how many messages may be under way on it.

    Raises:
        GeneratorError: the broker refused.
        OSError: nobody listens.
    """
    line = socket.create_connection((order.host, order.port), timeout=STALL_SECONDS)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    line.sendall(
        mqtt5.ConnectPacket(
            "bench-generator", username=order.username, password=order.password.encode(), clean_start=True
        ).write()
    )
    answer, _ = mqtt5.read(memoryview(line.recv(READ_BYTES)))
    if not isinstance(answer, mqtt5.ConnAckPacket) or answer.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
        raise GeneratorError(f"the broker did not let the generator in: {answer!r}")
    line.setblocking(False)
    return line, min(order.window, answer.receive_max)


def publish(line: socket.socket, packets: Packets, window: int, seconds: float) -> Acknowledgements:
    """Sends every packet once and returns when each is acknowledged.

    Raises:
        GeneratorError: the line was lost, stood still, or took too long.
    """
    acknowledgements = Acknowledgements()
    sent_bytes, deadline = 0, time.monotonic() + seconds
    progress_at = time.monotonic()
    while acknowledgements.total < len(packets):
        allowed = packets.end_of(acknowledgements.total + window)
        if allowed > sent_bytes:
            sent_bytes += _send(line, packets.bytes[sent_bytes:allowed])
        time.sleep(REST_SECONDS)
        now = time.monotonic()
        if data := _receive(line):
            acknowledgements.take(data)
            progress_at = now
        elif now - progress_at > STALL_SECONDS or now > deadline:
            raise GeneratorError(f"the broker acknowledged {acknowledgements.total} of {len(packets)} messages")
    return acknowledgements


def _send(line: socket.socket, data: memoryview) -> int:
    try:
        return line.send(data)
    except BlockingIOError:
        return 0


def _receive(line: socket.socket) -> bytes:
    """What has arrived; empty where nothing has."""
    try:
        data = line.recv(READ_BYTES)
    except BlockingIOError:
        return b""
    if not data:
        raise GeneratorError("the broker closed the generator's line")
    return data


def run(order: Order) -> Report:
    """Encodes, connects, says "ready", waits for "go", publishes."""
    workload = order.workload
    messages = workload.warming if order.warming else workload.timed
    packets = Packets(workload, workload.shared(messages, order.share))
    line, window = connect(order)
    with line:
        print("ready", flush=True)
        sys.stdin.readline()
        cpu_before, started_at = _cpu_seconds(), time.time()
        acknowledgements = publish(line, packets, window, order.seconds)
        ended_at, cpu_after = time.time(), _cpu_seconds()
        line.setblocking(True)
        line.sendall(mqtt5.DisconnectPacket().write())
    return Report(
        sent=len(packets),
        acknowledged=dict(acknowledgements.reasons),
        started_at=started_at,
        ended_at=ended_at,
        cpu_seconds=cpu_after - cpu_before,
        bytes_sent=len(packets.bytes),
    )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """One order from standard input, one report to standard output; exit code 1 with a sentence where it failed."""
    try:
        report = run(msgspec.json.decode(sys.stdin.readline(), type=Order))
    except (GeneratorError, OSError) as error:
        sys.exit(f"generator: {error}")
    print(msgspec.json.encode(report).decode(), flush=True)


if __name__ == "__main__":
    main()
