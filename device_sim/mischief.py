"""Things that go wrong, on demand: each takes a running device and makes one thing happen to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from device_sim.connection import Connection
from device_sim.device import Outgoing
from device_sim.dirt import MALFORMED
from fleet.errors import ConfigurationError
from fleet.faults import Fault, NativeCode, Severity
from fleet.topics import Verb

UNKNOWN_NATIVE: Final = NativeCode("unheard-of", "7F3A")
UNKNOWN_METRIC: Final = "gadget.reading"
COPIES: Final = 3
LATE_MINUTES: Final = range(180, 0, -5)


def raise_fault(connection: Connection, code: str) -> NativeCode:
    """A fault of the catalogue appears and is told by an event.

    Raises:
        ConfigurationError: the device's class has no such fault, or no device sends it.
    """
    native = _native(connection, code)
    connection.send(connection.device.raise_fault(native, connection.clock()))
    return native


def hide_fault(connection: Connection, code: str) -> NativeCode:
    """A fault is there but was never told: only reading the fault codes remotely finds it.

    Raises:
        ConfigurationError: as `raise_fault`.
    """
    native = _native(connection, code)
    connection.device.carry_fault(native, connection.clock())
    return native


def jam(connection: Connection) -> None:
    """The dispenser's tray does not rotate (MED-MEC-01)."""
    raise_fault(connection, "MED-MEC-01")


def worst_fault(connection: Connection) -> None:
    """The most severe fault of the class that this model's own systems can send."""
    declared = [fault for fault in connection.device.identity.profile.faults if fault.native]
    sendable = [fault for fault in declared if _spelled_by(connection, fault)] or declared
    raise_fault(connection, max(sendable, key=lambda fault: fault.severity.rank).code)


def unknown_fault(connection: Connection) -> None:
    """A native code that no profile knows; it must be kept and shown raw."""
    connection.send(connection.device.raise_fault(UNKNOWN_NATIVE, connection.clock()))


def unknown_metric(connection: Connection) -> None:
    """A metric that no profile knows, as after a firmware update; it must be kept and flagged."""
    connection.send(connection.device.measure_native(connection.clock(), {UNKNOWN_METRIC: 42.0}))


def duplicates(connection: Connection) -> None:
    """A fresh message leaves three times, as after lost acknowledgements."""
    for message in connection.device.heartbeat(connection.clock()):
        connection.send([message, *([replace(message, entry=None)] * (COPIES - 1))])


def late_burst(connection: Connection) -> None:
    """Three hours of readings that had no line come at once, the oldest first."""
    now = connection.clock()
    connection.send(connection.device.report([now - timedelta(minutes=minutes) for minutes in LATE_MINUTES]))


def clock_to_1970(connection: Connection) -> None:
    """The device's clock battery died."""
    _set_clock(connection, datetime(1970, 1, 1, 0, 5, tzinfo=UTC))


def clock_to_2106(connection: Connection) -> None:
    """The device's clock counts seconds in 32 bits and believes it is 2106."""
    _set_clock(connection, datetime(2106, 2, 7, 6, 28, tzinfo=UTC))


def malformed(connection: Connection) -> None:
    """Every kind of broken payload once."""
    connection.send([Outgoing(Verb.TELEMETRY, payload) for payload in MALFORMED.values()])


def restart(connection: Connection) -> None:
    """Power off and on: the line is cut, and a new boot comes up with a report."""
    connection.device.restart()
    connection.send(connection.device.heartbeat(connection.clock()))
    connection.drop_line()


def silence(connection: Connection) -> None:
    """The gateway dies: nothing more comes, nothing is answered, and the broker tells the last will."""
    connection.fall_silent()


MISCHIEF: Final[Mapping[str, Callable[[Connection], None]]] = MappingProxyType(
    {
        action.__name__: action
        for action in (
            jam,
            worst_fault,
            unknown_fault,
            unknown_metric,
            duplicates,
            late_burst,
            clock_to_1970,
            clock_to_2106,
            malformed,
            restart,
            silence,
        )
    }
)
"""What `fjarrkoll simulate run --do NAME` can do, by name."""


def _set_clock(connection: Connection, moment: datetime) -> None:
    now = connection.clock()
    connection.device.clock_offset = moment - now
    connection.send(connection.device.heartbeat(now))


def _native(connection: Connection, code: str) -> NativeCode:
    """A spelling of the fault in one of this model's own systems, or of another model where the model has none."""
    profile = connection.device.identity.profile
    fault = profile.faults_by_code.get(code)
    if fault is None or not fault.native:
        sendable = sorted(f.code for f in profile.faults if f.native and f.severity is not Severity.INFO)
        raise ConfigurationError(f"a {profile.name} cannot send fault {code}; it can send: {', '.join(sendable)}")
    return _spelled_by(connection, fault) or fault.native[0]


def _spelled_by(connection: Connection, fault: Fault) -> NativeCode | None:
    systems = connection.device.identity.model.native_systems
    return next((native for native in fault.native if native.system in systems), None)
