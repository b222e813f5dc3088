"""A Mosquitto broker with the shipped configuration, on a free local port, for the length of a `with` block."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from fjarrkoll.services.binaries import Binaries
from fjarrkoll.services.errors import PortTakenError, ServiceError, StartError
from fjarrkoll.services.passwords import password_line
from fjarrkoll.services.places import private_folder, service_account
from fjarrkoll.services.process import HOST, Program, ServerProcess, free_port

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto"
_PORT_TRIES = 5
_START_SECONDS = 30.0
_RELOAD_SECONDS = 30.0
# The broker forgets a signal that comes while it is still reloading for an earlier one.
_SIGNAL_AGAIN_SECONDS = 0.5
_RELOADED = "Reloading config."


def with_values(configuration: str, values: Mapping[str, str]) -> str:
    """Return a mosquitto.conf in which each named setting has the given value; a setting not yet there is added.

    Raises:
        ValueError: the configuration names one of the settings twice, so that it is unclear which to change.
    """
    lines = configuration.splitlines()
    for name, value in values.items():
        places = [number for number, line in enumerate(lines) if line.split(None, 1)[:1] == [name]]
        if len(places) > 1:
            raise ValueError(f"{name} is set on {len(places)} lines of the configuration: keep one")
        if places:
            lines[places[0]] = f"{name} {value}"
        else:
            lines.append(f"{name} {value}")
    return "\n".join(lines) + "\n"


class Mosquitto:
    """One broker: configuration, access list, passwords, stored messages and log below `folder`.

    What differs from the shipped `deploy/mosquitto/mosquitto.conf` is the address and the paths, and what is asked for:

    Args:
        binaries: from `install()`.
        folder: made if missing.
        credentials: user name to password; a device's user name is its device_id.
        extra_acl: lines added to the shipped access list (benchmarks, tests).
        settings: settings of mosquitto.conf that replace the shipped ones.
        start_seconds: how long it may take to listen; a long access list takes its time.
    """

    host = HOST

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        binaries: Binaries,
        folder: Path,
        credentials: Mapping[str, str],
        *,
        extra_acl: str = "",
        settings: Mapping[str, str] | None = None,
        start_seconds: float = _START_SECONDS,
    ) -> None:
        self._binaries = binaries
        self._account = service_account()
        self._private = private_folder(folder, self._account)
        self._extra_acl = extra_acl
        self._settings = dict(settings or {})
        self._start_seconds = start_seconds
        self._lines = {name: password_line(name, password) for name, password in credentials.items()}
        self._process: ServerProcess | None = None
        self._port: int | None = None
        self.log_path = folder.resolve() / "mosquitto.log"

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the broker, whatever happened."""
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port, the same through restarts within the block."""
        if self._port is None:
            raise StartError("the broker has not been started: use it as `with Mosquitto(...) as broker`")
        return self._port

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._running_process().pid

    @property
    def running(self) -> bool:
        """Say whether the broker runs."""
        return self._process is not None and self._process.alive()

    def start(self) -> None:
        """Start the broker, on the same port and stored messages as before if it ran before.

        Raises:
            StartError: with the end of its log.
        """
        if self.running:
            return
        self._end()  # what is left of one that ended by itself
        for attempt in range(_PORT_TRIES):
            port = self._port or free_port()
            try:
                self._launch(port)
            except PortTakenError:
                if attempt == _PORT_TRIES - 1:
                    raise
                time.sleep(0.2 if self._port else 0)
            else:
                self._port = port
                return

    def stop(self) -> None:
        """Stop tidily: the broker writes its stored messages to disk first. Nothing happens if it is not running."""
        self._end((signal.SIGTERM, 30.0))

    def kill(self) -> None:
        """Kill the broker with SIGKILL: it loses what it has not written since its last autosave."""
        self._end()

    def reload(self) -> None:
        """Have the broker read its files again (SIGHUP); return when it has begun to, before it serves anyone else.

        Clients whose credentials are gone or changed are disconnected.
        """
        process = self._running_process()
        before = process.log_since_start().count(_RELOADED)
        deadline = time.monotonic() + _RELOAD_SECONDS
        signal_at = 0.0
        while process.log_since_start().count(_RELOADED) == before:
            if not process.alive() or time.monotonic() > deadline:
                raise ServiceError(f"the broker did not reload its files; its log is {self.log_path}")
            if time.monotonic() > signal_at:
                process.send(signal.SIGHUP)
                signal_at = time.monotonic() + _SIGNAL_AGAIN_SECONDS
            time.sleep(0.005)

    def set_credentials(self, credentials: Mapping[str, str]) -> None:
        """Replace all credentials, and reload if the broker runs."""
        self._lines = {}
        self.add_credentials(credentials)

    def add_credentials(self, credentials: Mapping[str, str]) -> None:
        """Add credentials, or change those of known users, and reload if the broker runs."""
        self._lines |= {name: password_line(name, password) for name, password in credentials.items()}
        self._write_passwords()
        if self.running:
            self.reload()

    def admit(self, credentials: Mapping[str, str], acl: str) -> None:
        """Add credentials together with lines of the access list that say what they may do; reload if it runs."""
        self._extra_acl = f"{self._extra_acl}\n{acl}"
        self._write_acl()
        self.add_credentials(credentials)

    def _running_process(self) -> ServerProcess:
        if self._process is None:
            raise StartError("the broker is not running: call start()")
        return self._process

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if self._process is not None:
            self._process.end(steps)
            self._process = None

    def _launch(self, port: int) -> None:
        self._configure(port)
        process = ServerProcess(
            Program(
                [str(self._binaries.mosquitto), "-c", str(self._private / "mosquitto.conf")],
                account=self._account,
                folder=self._private,
                log_path=self.log_path,
                orphan_signal=signal.SIGTERM,
            )
        )
        try:
            process.wait_listening(port, self._start_seconds)
        except BaseException:
            process.end([(signal.SIGTERM, 5.0)])
            raise
        self._process = process

    def _configure(self, port: int) -> None:
        store = self._private / "data"
        store.mkdir(mode=0o700, exist_ok=True)
        self._account.owns_after(store)
        values = {
            "listener": f"{port} {HOST}",
            "persistence_location": f"{store}/",
            "password_file": str(self._private / "passwords"),
            "acl_file": str(self._private / "acl"),
            **self._settings,
        }
        self._write("mosquitto.conf", with_values(_shipped("mosquitto.conf"), values))
        self._write_acl()
        self._write_passwords()

    def _write_acl(self) -> None:
        self._write("acl", f"{_shipped('acl')}\n{self._extra_acl}\n")

    def _write_passwords(self) -> None:
        self._write("passwords", "".join(f"{line}\n" for line in self._lines.values()))

    def _write(self, name: str, text: str) -> None:
        """Replace a file in one step, readable by the broker's account alone."""
        draft = self._private / f"{name}.draft"
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        os.replace(self._account.owns_after(draft), self._private / name)  # noqa: PTH105 - one call says it


def _shipped(name: str) -> str:
    path = SHIPPED / name
    if not path.is_file():
        raise ServiceError(f"{path} is missing: local services need the project's own folder, not an installed copy")
    return path.read_text(encoding="utf-8")
