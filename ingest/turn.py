"""Whose turn it is: one process serves a shard, another stands by and takes over under the same name."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import psycopg

from fleet.errors import FjarrkollError
from fleet.plumbing.logs import get_logger
from ingest.write.connection import Connection, connect
from ingest.write.verdict import said

TRY_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 0.5
FORGOTTEN_SECONDS: Final = 4
"""A process that has not been heard of for so long (stopped, or cut off) loses its turn.

An alarm must be sent within ten seconds of its message though ingest stands still: four until it is forgotten, one
until another serves its session, the rest for what has queued up meanwhile. A busy process is heard of eight times in
four seconds; should it be taken for a dead one all the same, it stands by, and nothing is lost or stored twice.
"""
PATIENCE_SECONDS: Final = 15
"""A database that has not answered for so long is asked over another line."""
_log = get_logger(room="ingest")
# A lock of the session: the server lets it go with the connection, however that ends.
_TAKE: Final = "SELECT pg_try_advisory_lock(hashtextextended('fjarrkoll ingest ' || %s, 0))"
_WHO_AM_I: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# Our own former session may live on at the server after the line to it broke.
_END_FORMER: Final = (
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
)
# Where the former was stopped in the middle of a transaction, its rows would make us wait until the server ends that.
_END_UNFINISHED: Final = (
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
    " WHERE application_name = current_setting('application_name') AND usename = current_user"
    " AND datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL"
    " AND pid <> pg_backend_pid()"
)
_FORGET: Final = f"SET idle_session_timeout = '{FORGOTTEN_SECONDS}s'"


class TurnLostError(FjarrkollError):
    """Another process serves the shard now; this one ends, and stands by when its supervisor has started it again."""


class Turn:
    """The right to serve a shard. What is stored does not depend on it: two processes must not throw each other out.

    Args:
        address: of the database, with ingest's role.
        shard: what is served.
        name: shown in the server's list of connections.
        tell: hears whether another process serves the shard and this one waits.
    """

    def __init__(self, address: str, shard: str, name: str, tell: Callable[[bool], None] = lambda _: None) -> None:
        self._waiting = False
        self._tell = tell
        self._address = address
        self._shard = shard
        self._name = name
        self._connection: Connection | None = None
        self._session: tuple[object, ...] | None = None
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        """Gives the turn up."""
        if self._connection is not None:
            await self._connection.close()

    async def taken(self, stop: asyncio.Event) -> bool:
        """Waits for the turn, or for `stop`; says whether another process had it first.

        What the one before has left unfinished in the database is ended: it was not acknowledged, and comes again.
        """
        waited = False
        while not stop.is_set():
            try:
                if await self._take():
                    await self._end_unfinished()
                    self._stands_by(waiting=False)
                    return waited
            except psycopg.Error as error:
                _log.warning("The database does not answer yet.", event_name="turn_awaited", error=said(error))
            else:
                self._stands_by(waiting=True)
                waited = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TRY_SECONDS):
                    await stop.wait()
        return waited

    async def kept(self) -> None:
        """Keeps the turn as long as it can, over breaks of the line to the database.

        Raises:
            TurnLostError: another process has taken it meanwhile.
        """
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._certain()

    async def sure(self) -> None:
        """Looks before a connection to the broker is made: without the turn it would throw out the one who serves.

        A process that was stopped wakes up with a line that is gone. It would connect again before `kept` has noticed
        that the turn is lost, and throw the other out. Where the database does not answer nothing is known, and the
        session is served as before.

        Raises:
            TurnLostError: another process has taken it meanwhile.
        """
        if not await self._certain():
            await self._certain()  # the first question may have found no more than that its own line is gone, too

    async def _certain(self) -> bool:
        """Whether the turn is still this process's; False where the database did not say, which is asked anew then."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if not await self._take():
                    raise TurnLostError(f"another process has taken over the shard {self._shard}")
        except (psycopg.Error, TimeoutError) as error:
            _log.warning("The turn is in doubt.", event_name="turn_in_doubt", error=str(error) or "no answer")
            await self.close()
            return False
        return True

    def _stands_by(self, *, waiting: bool) -> None:
        if waiting and not self._waiting:
            _log.info("Another process serves this shard; standing by.", event_name="standing_by")
        self._waiting = waiting
        self._tell(waiting)

    async def _end_unfinished(self) -> None:
        if self._connection is not None:
            ended = (await self._connection.execute(_END_UNFINISHED)).rowcount
            if ended:
                _log.warning("Ended what another process left.", event_name="unfinished_ended", transactions=ended)

    async def _take(self) -> bool:
        """Takes the turn, or makes sure of it."""
        async with self._asking:
            connection = self._connection
            if connection is not None and not connection.closed:
                if not self._waiting:
                    await connection.execute("SELECT")
                    return True
            else:
                self._connection = connection = await connect(self._address, self._name)
                await connection.execute(_FORGET)
                if self._session is not None:
                    await connection.execute(_END_FORMER, self._session)
            taken = await (await connection.execute(_TAKE, [self._shard])).fetchone()
            self._session = await (await connection.execute(_WHO_AM_I)).fetchone()
            return bool(taken and taken[0])
