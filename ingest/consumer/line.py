"""One TCP or TLS connection to the broker: reads in place, rests between reads, notices a dead line."""

import asyncio
from collections.abc import Callable
from typing import cast

import mqtt5

from ingest.consumer.errors import Disconnected, ProtocolViolation
from ingest.consumer.keepalive import KeepAlive, Verdict
from ingest.consumer.stream import PacketStream

_CLOSE_SECONDS = 2.0
_PING = mqtt5.PingReqPacket().write()


class Line(asyncio.BufferedProtocol):
    """The connection's I/O and nothing of its meaning.

    Args:
        stream: cuts bytes into packets.
        keepalive_seconds: the one announced in CONNECT.
        rest_seconds: pause between two reads under dense traffic; a broker writes each message by itself, and waking up
            for each costs more than the message does (measured, docs/decisions/0004).
        on_packets: told of every read that completed packets.
        on_lost: told once, when the line is gone and whoever closed it.
    """

    def __init__(
        self,
        stream: PacketStream,
        *,
        keepalive_seconds: float,
        rest_seconds: float,
        on_packets: Callable[[list[mqtt5.Packet]], None],
        on_lost: Callable[[Disconnected], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stream = stream
        self._rest_seconds = rest_seconds
        self._on_packets = on_packets
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._watch = KeepAlive(keepalive_seconds, self._loop.time(), self._loop.time())
        self._ticker: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._held = False
        self._failure: Disconnected | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.closed = asyncio.Event()

    def use_keepalive(self, seconds: float) -> None:
        """Take the interval the broker ordered in CONNACK."""
        self._watch.interval = seconds

    def write(self, data: bytes) -> None:
        """Send; bytes for a line that is already gone are dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self._watch.sent_at = self._loop.time()

    async def drain(self) -> None:
        """Wait while the operating system takes no more bytes, or until the line is gone."""
        if not self._writable.is_set():
            await self._writable.wait()

    def hold(self, *, held: bool) -> bool:
        """Stop or start reading on demand of the byte budget; True where that is a change."""
        if held == self._held:
            return False
        self._held = held
        self._set_reading()
        return True

    def finish(self, reason: mqtt5.DisconnectReasonCode, failure: Disconnected) -> None:
        """Say DISCONNECT and let the broker close, which it does when it has read everything before it.

        Closing at once would lose the last PUBACKs where the client id connects again in the same moment: Mosquitto
        then drops the old line with what it has not read yet (seen). What still arrives is dropped. A broker that has
        not closed after two seconds is not waited for.
        """
        if self._transport is None or self._transport.is_closing() or self._failure is not None:
            return
        self._failure = failure
        self._on_packets = _drop
        self.write(mqtt5.DisconnectPacket(reason_code=reason).write())
        self.hold(held=False)
        self._loop.call_later(_CLOSE_SECONDS, self._transport.abort)

    def abort(self, failure: Disconnected) -> None:
        """Close at once, and say why to the owner."""
        self._failure = self._failure or failure
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the watch."""
        self._transport = cast("asyncio.Transport", transport)
        self._tick()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the loop's guess; the buffer knows better
        """Where the next read goes."""
        return self._stream.space()

    def buffer_updated(self, nbytes: int) -> None:
        """Cut and hand on what a read brought."""
        now = self._loop.time()
        dense = now - self._watch.received_at < 2 * self._rest_seconds
        self._watch.received_at = now
        try:
            packets = self._stream.advance(nbytes)
            if packets:
                self._on_packets(packets)
        except ProtocolViolation as violation:
            self.finish(mqtt5.DisconnectReasonCode.PROTOCOL_ERROR, violation)
            return
        if dense and self._resting is None:
            self._resting = self._loop.call_later(self._rest_seconds, self._end_rest)
            self._set_reading()

    def pause_writing(self) -> None:
        """The operating system takes no more bytes for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, whoever ended it."""
        for timer in (self._ticker, self._resting):
            if timer is not None:
                timer.cancel()
        self._transport = None
        self._writable.set()
        self.closed.set()
        cause = f": {exc}" if exc else " without a DISCONNECT"
        self._on_lost(self._failure or Disconnected(f"The broker closed the line{cause}."))

    def _end_rest(self) -> None:
        self._resting = None
        self._set_reading()

    def _set_reading(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._held or self._resting is not None:
            self._transport.pause_reading()  # asyncio: pausing twice is harmless since Python 3.7
        else:
            self._transport.resume_reading()

    def _tick(self) -> None:
        verdict = self._watch.judge(self._loop.time(), reading=not self._held)
        if verdict is Verdict.PING:
            self.write(_PING)
        elif verdict is Verdict.DEAD:
            self.abort(Disconnected("The broker gives no sign of life within the keep-alive: the line is half-open."))
            return
        self._ticker = self._loop.call_later(self._watch.period, self._tick)


def _drop(packets: list[mqtt5.Packet]) -> None:
    """What arrives after the end is nobody's."""
