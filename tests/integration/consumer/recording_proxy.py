"""A TCP proxy between consumer and broker that keeps what the consumer said, and can cut the line as a cable is cut."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import mqtt5


class RecordingProxy:
    """Listens on a free local port while entered."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._sessions: list[asyncio.Task[None]] = []
        self.said: list[bytearray] = []  # one per connection, what the consumer sent
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """End every connection."""
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        self._sessions.clear()

    def puback_ids(self, connection: int) -> list[int]:
        """Packet ids of the PUBACKs sent on a connection (0 for the first), in the order they were on the wire."""
        return [packet.packet_id for packet in self.packets(connection) if isinstance(packet, mqtt5.PubAckPacket)]

    def packets(self, connection: int) -> list[mqtt5.Packet]:
        wire, found = memoryview(bytes(self.said[connection])), []
        while wire:
            try:
                packet, size = mqtt5.read(wire)
            except IndexError:
                break
            found.append(packet)
            wire = wire[size:]
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = bytearray()
        self.said.append(heard)
        session = asyncio.current_task()
        assert session is not None
        self._sessions.append(session)
        broker_reader, broker_writer = await asyncio.open_connection(*self._target)
        inward = asyncio.ensure_future(_pump(broker_reader, writer, bytearray()))
        try:
            await _pump(reader, broker_writer, heard)
        finally:
            inward.cancel()
            for end in (writer, broker_writer):
                end.transport.abort()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await inward


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            record += data
            writer.write(data)
            await writer.drain()
    writer.close()
