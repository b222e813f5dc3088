"""A device's MQTT 5 connection through aiomqtt, that can be cut as by a dead gateway, and cancelled at any moment."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fleet.topics import Verb, topic

_SESSION_SECONDS: Final = 3600
"""How long the broker keeps commands and receipts for a device without a line."""
_ANSWER_SECONDS: Final = 5.0
_LEAVE_SECONDS: Final = 5.0
# 88 ms round trips become 0.8 ms (architecture.md 3).
_NO_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


@dataclass(frozen=True, slots=True)
class Line:
    """Where the broker is.

    Attributes:
        tls_ca: certificate authority of a broker that speaks TLS; None for a local one without.
    """

    host: str
    port: int
    tls_ca: Path | None = None


def client_for(line: Line, device_id: str, password: str, will: bytes) -> aiomqtt.Client:
    """A client with the device's own account, its last will on `state`, and a session that outlives a short absence."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates no result here
    properties.SessionExpiryInterval = _SESSION_SECONDS
    return aiomqtt.Client(
        line.host,
        line.port,
        identifier=device_id,
        username=device_id,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5,
        will=aiomqtt.Will(topic(device_id, Verb.STATE), will, qos=1, retain=True),
        clean_start=False,
        properties=properties,
        timeout=_ANSWER_SECONDS,
        tls_params=_tls(line),
        socket_options=_NO_DELAY,
    )


def service_client(line: Line, user: str, password: str) -> aiomqtt.Client:
    """A client of one of the platform's own accounts, without will and session."""
    return aiomqtt.Client(
        line.host,
        line.port,
        username=user,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=_ANSWER_SECONDS,
        tls_params=_tls(line),
        socket_options=_NO_DELAY,
    )


@contextlib.asynccontextmanager
async def opened(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """The client connected for the length of the block, and with nothing left open afterwards.

    aiomqtt connects in a thread and leaves socket and tasks behind when it is cancelled there; hence the shield.

    Raises:
        aiomqtt.MqttError: the broker cannot be reached or refuses.
    """
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except aiomqtt.MqttError:
        cut(client)
        raise
    except asyncio.CancelledError:
        await asyncio.wait({entering}, timeout=_LEAVE_SECONDS)
        await _left(client, entering)
        raise
    try:
        yield client
    finally:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def cut(client: aiomqtt.Client) -> None:
    """Ends the TCP connection without DISCONNECT, as a dead gateway does; the broker then sends the last will."""
    # aiomqtt offers no way to leave without DISCONNECT; paho's public `socket()` is behind its private client.
    paho = client._client  # noqa: SLF001
    # Otherwise a message queued just before asks the event loop to watch a socket that is closed by then.
    paho.on_socket_register_write = None
    open_socket = paho.socket()
    if isinstance(open_socket, socket.socket):
        with contextlib.suppress(OSError):
            open_socket.shutdown(socket.SHUT_RDWR)


def _tls(line: Line) -> aiomqtt.TLSParameters | None:
    return aiomqtt.TLSParameters(ca_certs=str(line.tls_ca)) if line.tls_ca else None


async def _left(client: aiomqtt.Client, entering: "asyncio.Future[aiomqtt.Client]") -> None:
    if entering.done() and not entering.cancelled() and entering.exception() is None:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)
    else:
        entering.cancel()
        cut(client)
