"""A TCP line that can be made slow, dead or cut, between ingest and the broker or the database."""

import asyncio
import contextlib
import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from fjarrkoll.chain.wire import MqttTally, answers_commit, asks_commit

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 64 * 1024
_UNDER_WAY: Final = 64


class Way(enum.Enum):
    """A direction of the line."""

    UP = "from the client"
    DOWN = "from the server"


class CommitCut(enum.Enum):
    """Where the line breaks while a COMMIT is under way; the client cannot tell the two apart."""

    BEFORE = "the COMMIT never reaches the server"
    AFTER = "the server has committed, and its answer is lost"
    STRANDED = "the COMMIT never reaches the server, and the server does not hear that its client has gone"


@dataclass(slots=True, eq=False)
class _Session:
    """One client's connection and ours to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    stranded: bool = False
    tallies: dict[Way, MqttTally] = field(default_factory=lambda: {way: MqttTally() for way in Way})

    def cut(self) -> None:
        for end in (self.client, self.server):
            end.transport.abort()


class FaultProxy:
    """Passes bytes between its own port and a server until it is told otherwise.

    Args:
        target: the server's port on this machine; asked at each connection.

    Attributes:
        port: where clients connect; stays the same.
        delay_seconds: before each piece of data in either direction.
        commit_cut: armed by setting it; disarmed when it has fired.
        commits_cut: how often that fired.
        commits: whose answer was passed on.
        connections: made since the beginning.
    """

    def __init__(self, target: Callable[[], int]) -> None:
        self._target = target
        self._open: dict[Way, asyncio.Event] = {way: asyncio.Event() for way in Way}
        self._sessions: set[_Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: list[_Session] = []
        self._strand_ends = asyncio.Event()
        self.port = 0
        self.delay_seconds = 0.0
        self.commit_cut: CommitCut | None = None
        self.commits_cut = self.commits = 0
        self.connections = 0
        for way in Way:
            self._open[way].set()

    async def __aenter__(self) -> Self:
        """Listens on a free port."""
        self._server = await asyncio.start_server(self._accepted, _HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every connection."""
        self._server.close()
        self.release()
        self._strand_ends.set()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- what can be done to the line ---------------------------------------------------------------------------------

    def hold(self, *ways: Way) -> None:
        """Bytes of these directions wait here, connections stand: a partition, or answers that do not arrive."""
        for way in ways or Way:
            self._open[way].clear()

    def release(self) -> None:
        """Bytes flow again, the held ones first."""
        for way in Way:
            self._open[way].set()

    def cut(self) -> None:
        """Resets every connection; what was held is gone."""
        for session in tuple(self._sessions):
            session.cut()

    def end_stranded(self) -> None:
        """Lets the server hear at last that stranded clients have gone."""
        self._strand_ends.set()

    def tally(self, way: Way) -> MqttTally:
        """MQTT packets of a direction, over all connections so far."""
        parts = [session.tallies[way] for session in (*self._done, *self._sessions)]
        return MqttTally(
            sum(part.published for part in parts),
            sum(part.redelivered for part in parts),
            sum(part.acknowledged for part in parts),
        )

    # -- what it does -------------------------------------------------------------------------------------------------

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):  # the stream's own callback would log it
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(_HOST, self._target())
        except OSError:
            writer.transport.abort()
            return
        session = _Session(writer, server_writer)
        self._sessions.add(session)
        pumps = {
            asyncio.ensure_future(self._pump(Way.UP, session, reader, server_writer)),
            asyncio.ensure_future(self._pump(Way.DOWN, session, server_reader, writer)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await self._may_part(session)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            session.cut()
            self._sessions.discard(session)
            self._done.append(session)

    async def _may_part(self, session: _Session) -> None:
        """While the line is held, or stranded, the server does not hear that its client has gone."""
        if session.stranded:
            await self._strand_ends.wait()
        for way in Way:
            await self._open[way].wait()

    async def _pump(
        self, way: Way, session: _Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Reads on while earlier bytes are still under way, so that a delay is latency and no limit to the rate."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY)
        passing = asyncio.ensure_future(self._pass(way, session, under_way, writer))
        loop = asyncio.get_running_loop()
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(_CHUNK):
                    await under_way.put((loop.time() + self.delay_seconds, data))
            await under_way.put((loop.time() + self.delay_seconds, b""))
            await passing
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)

    async def _pass(
        self, way: Way, session: _Session, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await under_way.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await self._open[way].wait()
            if not data:
                return
            if cut := self._cuts(way, data):
                session.stranded = cut is CommitCut.STRANDED
                session.client.transport.abort()
                if not session.stranded:
                    session.cut()
                return
            session.tallies[way].take(data)
            self.commits += way is Way.DOWN and answers_commit(data)
            if writer.transport.is_closing():  # the other end has gone
                return
            with contextlib.suppress(OSError):
                writer.write(data)
                await writer.drain()

    def _cuts(self, way: Way, data: bytes) -> CommitCut | None:
        armed = self.commit_cut
        if armed is None or not (answers_commit(data) if way is Way.DOWN else asks_commit(data)):
            return None
        if (armed is CommitCut.AFTER) is not (way is Way.DOWN):
            return None
        self.commit_cut = None
        self.commits_cut += 1
        return armed
