"""Run one server as a child that cannot outlive us, and prove that a listening port is its own."""

import atexit
import errno
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from fjarrkoll.services.errors import PortTakenError, StartError
from fjarrkoll.services.places import Account

HOST = "127.0.0.1"
_POLL_SECONDS = 0.01
_LOG_TAIL_CHARACTERS = 2000

# Waits for the end of its standard input, which comes when we are gone, however we went, and then ends the server.
# A parent-death signal (PR_SET_PDEATHSIG) would not do: it fires when the *thread* that started the server ends.
_WATCHER = 'read -r signal pid && { read -r end || kill -s "$signal" "$pid"; }'


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how."""

    command: Sequence[str]
    account: Account
    """Who it runs as."""
    folder: Path
    """Its working directory."""
    log_path: Path
    """Receives standard output and error, after what is there already."""
    orphan_signal: signal.Signals
    """What it gets if we disappear without stopping it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables it gets beside the few that every server gets."""


class ServerProcess:
    """A running server in a session of its own, so that Ctrl-C reaches us and not it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._log_start = program.log_path.stat().st_size if program.log_path.exists() else 0
        read_end, self._lifeline = os.pipe()
        self._watcher = subprocess.Popen(["/bin/sh", "-c", _WATCHER], stdin=read_end, start_new_session=True)
        os.close(read_end)
        try:
            self._process = _spawn(program)
        except OSError:
            self._dismiss_watcher()
            raise
        os.write(self._lifeline, f"{program.orphan_signal.name.removeprefix('SIG')} {self.pid}\n".encode())
        atexit.register(self._end_at_exit)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Say whether the server still runs."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the server has ended."""
        self._process.send_signal(number)

    def end(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        """Send each signal and wait so many seconds, until the server has ended; SIGKILL is the last step of all."""
        atexit.unregister(self._end_at_exit)
        self._dismiss_watcher()
        for number, seconds in (*steps, (signal.SIGKILL, 60.0)):
            self._process.send_signal(number)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return

    def log_since_start(self) -> str:
        """Return what the server has logged since this start of it."""
        with self._program.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", errors="replace")

    def wait_listening(self, port: int, timeout: float) -> None:
        """Return once the server itself, and no other process, listens on `port`.

        Raises:
            PortTakenError: another program has the port.
            StartError: the server ended, or did not listen within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        log_path = self._program.log_path
        while not listens(self.pid, port, self._program.account):
            if not self.alive():
                log = self.log_since_start()
                kind = PortTakenError if os.strerror(errno.EADDRINUSE) in log else StartError
                raise kind(f"the server ended while starting; its log {log_path} ends:\n{log[-_LOG_TAIL_CHARACTERS:]}")
            if time.monotonic() > deadline:
                raise StartError(f"the server does not listen on port {port} after {timeout:.0f} s; see {log_path}")
            time.sleep(_POLL_SECONDS)

    def _end_at_exit(self) -> None:
        self.end([(self._program.orphan_signal, 10.0)])

    def _dismiss_watcher(self) -> None:
        self._watcher.kill()
        self._watcher.wait()
        os.close(self._lifeline)


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    with program.log_path.open("ab") as log:
        return subprocess.Popen(
            program.command,
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", **program.environment},
            start_new_session=True,
            umask=0o077,
            **identity(program.account),
        )


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that say who a program runs as."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account) -> Identity:
    """Return what `subprocess` needs to become `account`: nothing, unless we are root."""
    if os.geteuid() != 0:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def free_port() -> int:
    """Return a port that nobody listens on at the moment; whoever binds it next has it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(pid: int, port: int, account: Account) -> bool:
    """Say whether process `pid` itself holds a socket that listens on `port` of 127.0.0.1."""
    inodes = _listening_inodes(port)
    return bool(inodes) and any(f"socket:[{inode}]" in _open_files(pid, account) for inode in inodes)


def _listening_inodes(port: int) -> list[str]:
    """Find the sockets that listen on 127.0.0.1 (format: proc(5), /proc/net/tcp; state 0A is LISTEN)."""
    (address,) = struct.unpack("=I", socket.inet_aton(HOST))
    wanted = f"{address:08X}:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:])
    return [row[9] for row in rows if row[1] == wanted and row[3] == "0A"]


def _open_files(pid: int, account: Account) -> str:
    """List what a process has open. Root in a container may lack the right to look; the account itself has it."""
    try:
        return " ".join(_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        return _open_files_seen_by(account, pid)
    except FileNotFoundError:
        return ""


def _open_files_seen_by(account: Account, pid: int) -> str:
    command = ["ls", "-l", f"/proc/{pid}/fd"]
    return subprocess.run(command, capture_output=True, text=True, check=False, **identity(account)).stdout


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)  # noqa: PTH115 - "socket:[n]" is no path
    except FileNotFoundError:  # closed in between
        return ""
