"""The way to the broker: where it is, under whose name, and a connection that is gone when its block ends."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mqtt5

from device_sim.wire import KEEPALIVE_SECONDS, LineLostError, Wire
from fleet.topics import Verb, topic

_SESSION_SECONDS: Final = 3600
"""How long the broker keeps commands and receipts for a device without a line."""
_REACH_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """Where the broker is.

    Attributes:
        tls_ca: certificate authority of a broker that speaks TLS; None for a local one without.
    """

    host: str
    port: int
    tls_ca: Path | None = None


def device_packet(device_id: str, password: str, will: bytes) -> mqtt5.ConnectPacket:
    """CONNECT of a device: its own account, its last will on `state`, a session that outlives a short absence."""
    return mqtt5.ConnectPacket(
        device_id,
        username=device_id,
        password=password.encode(),
        will=mqtt5.Will(topic(device_id, Verb.STATE), payload=will, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True),
        clean_start=False,
        keep_alive=KEEPALIVE_SECONDS,
        session_expiry_interval=_SESSION_SECONDS,
    )


def service_packet(user: str, password: str) -> mqtt5.ConnectPacket:
    """CONNECT of one of the platform's own accounts, without will and session."""
    return mqtt5.ConnectPacket(
        "", username=user, password=password.encode(), clean_start=True, keep_alive=KEEPALIVE_SECONDS
    )


@contextlib.asynccontextmanager
async def opened(line: Line, packet: mqtt5.ConnectPacket) -> AsyncIterator[Wire]:
    """A connection for the length of the block. However the block ends, nothing stays open.

    Raises:
        LineLostError: the broker cannot be reached, refuses or does not answer.
    """
    wire = await _reached(line)
    try:
        await wire.connect(packet)
        yield wire
    finally:
        await wire.leave()


async def _reached(line: Line) -> Wire:
    context = None if line.tls_ca is None else ssl.create_default_context(cafile=line.tls_ca)
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            transport, wire = await asyncio.get_running_loop().create_connection(
                Wire, line.host, line.port, ssl=context
            )
    except TimeoutError:
        raise LineLostError(f"{line.host}:{line.port} cannot be reached") from None
    except ssl.SSLError as error:  # an OSError whose number means something else
        raise LineLostError(f"no trusted line: {error}") from error
    except OSError as error:
        raise LineLostError(os.strerror(error.errno) if error.errno else str(error)) from error
    # 88 ms round trips become 0.8 ms (architecture.md 3).
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire
