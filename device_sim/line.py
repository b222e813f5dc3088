"""A device's MQTT 5 connection through aiomqtt, that can be cut as by a dead gateway, and cancelled at any moment."""

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import AsyncIterator, Iterable
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
_NO_ANSWER: Final = "the broker does not answer"
# paho calls a lost line an error; for a simulated device it is daily bread, and its connection hears of it anyway.
_QUIET: Final = logging.getLogger("fjarrkoll.device_sim.mqtt")
_QUIET.setLevel(logging.CRITICAL)
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
        timeout=math.inf,  # see _in_time
        logger=_QUIET,
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
        timeout=math.inf,  # see _in_time
        logger=_QUIET,
        tls_params=_tls(line),
        socket_options=_NO_DELAY,
    )


@contextlib.asynccontextmanager
async def opened(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """The client connected for the length of the block, and with nothing left open afterwards.

    aiomqtt connects in a thread and leaves socket and tasks behind when it is cancelled there; hence a task of its own.

    Raises:
        aiomqtt.MqttError: the broker cannot be reached, refuses, or does not answer.
    """
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.wait({entering}, timeout=_ANSWER_SECONDS)
    except asyncio.CancelledError:
        await asyncio.wait({entering}, timeout=_LEAVE_SECONDS)
        await _leave(client, entering)
        raise
    if not entering.done() or entering.exception() is not None:
        await _leave(client, entering)
        raise _reason(entering)
    try:
        yield client
    finally:
        await _leave(client, entering)


async def publish(client: aiomqtt.Client, address: str, payload: bytes, *, retain: bool = False) -> None:
    """Publishes with QoS 1 and returns when the broker has acknowledged.

    Raises:
        aiomqtt.MqttError: the line was lost, or no acknowledgement came in time.
    """
    async with _in_time():
        await client.publish(address, payload, qos=1, retain=retain)


async def subscribe(client: aiomqtt.Client, addresses: Iterable[str]) -> None:
    """Subscribes with QoS 1.

    Raises:
        aiomqtt.MqttError: as `publish`.
    """
    async with _in_time():
        await client.subscribe([(address, 1) for address in addresses])


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


def _reason(entering: "asyncio.Future[aiomqtt.Client]") -> BaseException:
    """Why there is no connection."""
    error = None if entering.cancelled() else entering.exception()
    return error or aiomqtt.MqttError(_NO_ANSWER)


@contextlib.asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """A limit of our own: aiomqtt's is `asyncio.wait_for`, which until Python 3.12 may swallow a cancellation."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except TimeoutError:
        raise aiomqtt.MqttError(_NO_ANSWER) from None


async def _leave(client: aiomqtt.Client, entering: "asyncio.Future[aiomqtt.Client]") -> None:
    """Disconnects where there is a connection; in any case nothing stays open."""
    if not entering.done():
        entering.cancel()
    elif not entering.cancelled() and entering.exception() is None:
        leaving = asyncio.ensure_future(client.__aexit__(None, None, None))
        await asyncio.wait({leaving}, timeout=_LEAVE_SECONDS)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    cut(client)
    await asyncio.gather(entering, return_exceptions=True)
