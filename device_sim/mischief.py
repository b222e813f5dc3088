"""Things that go wrong, on demand: each takes a running device and makes one thing happen to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from device_sim.connection import Connection
from device_sim.device import Outgoing
from device_sim.dirt import MALFORMED
from fleet.errors import ConfigurationError
from fleet.faults import Fault, NativeCode, Severity
from fleet.topics import Verb

UNKNOWN_NATIVE: Final = NativeCode("unheard-of", "7F3A")


def raise_fault(connection: Connection, code: str) -> NativeCode:
    """A fault of the catalogue appears and is told by an event.

    Raises:
        ConfigurationError: the device's class has no such fault, or no device sends it.
    """
    native = _native(connection, code)
    connection.send(connection.device.raise_fault(native, connection.clock()))
    return native


def hide_fault(connection: Connection, code: str) -> NativeCode:
    """A fault is there but was never told: only reading the fault codes remotely finds it."""
    native = _native(connection, code)
    connection.device.carry_fault(native, connection.clock())
    return native


def jam(connection: Connection) -> None:
    """The dispenser's tray does not rotate (MED-MEC-01)."""
    raise_fault(connection, "MED-MEC-01")


def worst_fault(connection: Connection) -> None:
    """The most severe fault of the class that a device can send."""
    faults = [fault for fault in connection.device.identity.profile.faults if fault.native]
    raise_fault(connection, max(faults, key=lambda fault: fault.severity.rank).code)


def unknown_fault(connection: Connection) -> None:
    """A native code that no profile knows; it must be kept and shown raw."""
    connection.send(connection.device.raise_fault(UNKNOWN_NATIVE, connection.clock()))


def duplicates(connection: Connection) -> None:
    """Fresh messages leave three times each, as after lost acknowledgements."""
    fresh: list[Outgoing] = connection.device.heartbeat(connection.clock())
    for _ in range(3):
        connection.send(fresh)


def late_burst(connection: Connection) -> None:
    """Three hours of readings that had no line come at once, the oldest first."""
    now = connection.clock()
    for minutes in range(180, 0, -5):
        connection.send(connection.device.heartbeat(now - timedelta(minutes=minutes)))


def clock_to_1970(connection: Connection) -> None:
    """The device's clock battery died."""
    connection.device.clock_offset = datetime(1970, 1, 1, 0, 5, tzinfo=UTC) - connection.clock()
    connection.send(connection.device.heartbeat(connection.clock()))


def clock_to_2106(connection: Connection) -> None:
    """The device's clock counts seconds in 32 bits and believes it is 2106."""
    connection.device.clock_offset = datetime(2106, 2, 7, 6, 28, tzinfo=UTC) - connection.clock()
    connection.send(connection.device.heartbeat(connection.clock()))


def malformed(connection: Connection) -> None:
    """Every kind of broken payload once."""
    connection.send([Outgoing(Verb.TELEMETRY, payload) for payload in MALFORMED.values()])


def restart(connection: Connection) -> None:
    """Power off and on: a new boot."""
    connection.device.restart()
    connection.send([connection.device.birth(connection.clock()), *connection.device.heartbeat(connection.clock())])


def silence(connection: Connection) -> None:
    """The gateway dies: nothing more comes and nothing is answered."""
    connection.device.silent = True


MISCHIEF: Final[dict[str, Callable[[Connection], None]]] = {
    action.__name__: action
    for action in (
        jam, worst_fault, unknown_fault, duplicates, late_burst, clock_to_1970, clock_to_2106, malformed, restart, silence,
    )
}
"""What `fjarrkoll simulate --do NAME` can do, by name."""


def _native(connection: Connection, code: str) -> NativeCode:
    profile = connection.device.identity.profile
    fault: Fault | None = profile.faults_by_code.get(code)
    if fault is None or not fault.native:
        sendable = sorted(fault.code for fault in profile.faults if fault.native and fault.severity is not Severity.INFO)
        raise ConfigurationError(f"a {profile.name} cannot send fault {code}; it can send: {', '.join(sendable)}")
    return fault.native[0]
