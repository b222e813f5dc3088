"""A PostgreSQL 17 server with TimescaleDB, on a free port of this machine, for the length of a `with` block."""

import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from fjarrkoll.services.binaries import Binaries
from fjarrkoll.services.errors import PortTakenError, StartError
from fjarrkoll.services.places import private_folder, service_account
from fjarrkoll.services.process import HOST, Program, ServerProcess, free_port, identity

_SUPERUSER = "postgres"
_PORT_TRIES = 5
_START_SECONDS = 120.0  # crash recovery of a large log is part of starting
# Passwords only, TCP only, this machine only.
_ACCESS = f"host all all {HOST}/32 scram-sha-256\n"

# For a machine of two cores that runs the whole platform beside its database.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    # The Apache edition has no background jobs; without its schedulers a template database is free to be copied.
    "timescaledb.max_background_workers": "0",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a query over many chunks locks each of them
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",  # its compiler is not fetched, and our queries are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
REGION: Final = {
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "max_wal_size": "8GB",
    "min_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "lz4",
}
"""For hundreds of thousands of devices, on a machine of 8 GB or more (docs/scaling.md).

Every device's present and today's use change every minute: a gigabyte that must be in the server's own memory. After a
checkpoint every page of it goes into the log whole, so checkpoints are far apart; recovery after a crash takes longer.
Files of the log are kept to be written again: a new one is filled with zeros and synced within somebody's commit, which
then takes a tenth of a second.
"""
COUNTRY: Final = {
    **REGION,
    "shared_buffers": "6GB",
    "effective_cache_size": "12GB",
    "max_wal_size": "32GB",
    "min_wal_size": "8GB",
}
"""For millions of devices, on a machine of 16 GB or more with room for the log: by the same rules (docs/scaling.md)."""
# For tests: a power cut may take everything, a kill the last moments' commits. Use durable=True to test durability.
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres:
    """One database server: its files below `folder`, kept when the block ends and used again by the next one.

    Args:
        binaries: from `install()`.
        folder: for data, log and password; made if missing.
        durable: PostgreSQL's own promises (True), or speed for tests (False).
        settings: further lines of postgresql.conf, over ours.
    """

    host = HOST

    def __init__(
        self,
        binaries: Binaries,
        folder: Path,
        durable: bool = False,  # noqa: FBT001, FBT002 - reads well by position too
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._binaries = binaries
        self._account = service_account()
        self._private = private_folder(folder, self._account)
        self._data = self._private / "data"
        self._password_file = self._private / "superuser-password"
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._durable = durable
        self._process: ServerProcess | None = None
        self._port: int | None = None
        self.log_path = folder.resolve() / "postgres.log"

    def __enter__(self) -> Self:
        """Start the server, making its data folder first if there is none."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server, whatever happened."""
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port, the same through restarts within the block."""
        if self._port is None:
            raise StartError("the database server has not been started: use it as `with Postgres(...) as server`")
        return self._port

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        if self._process is None:
            raise StartError("the database server is not running: call start()")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Say whether the postmaster runs."""
        return self._process is not None and self._process.alive()

    def superuser_dsn(self, database: str = "postgres") -> str:
        """Return the address, password included, with which `psql` or psycopg reach `database` as superuser."""
        password = self._password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{_SUPERUSER}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"

    def start(self) -> None:
        """Start the server, on the same port and data as before if it ran before; return when it takes connections.

        Raises:
            StartError: with the end of its log.
        """
        if self.running:
            return
        self._end()  # what is left of one that ended by itself
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        if self._port is not None:
            self._start_again(self._port)
            return
        for attempt in range(_PORT_TRIES):
            port = free_port()
            try:
                self._launch(port)
            except PortTakenError:
                if attempt == _PORT_TRIES - 1:
                    raise
            else:
                self._port = port
                return

    def stop(self) -> None:
        """Shut down fast: open transactions are rolled back, everything is written. Nothing happens if not running."""
        self._end((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))

    def stop_immediately(self) -> None:
        """Stop without a checkpoint, as after a crash: the next start recovers from the log."""
        self._end((signal.SIGQUIT, 10.0))

    def kill(self) -> None:
        """Kill the postmaster alone with SIGKILL, as the kernel's out-of-memory killer would."""
        self._end()

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if self._process is not None:
            self._process.end(steps)
            self._process = None

    def _start_again(self, port: int) -> None:
        """Start until it succeeds: a killed postmaster's orphans hold its memory for a while."""
        deadline = time.monotonic() + 20.0
        while True:
            try:
                self._launch(port)
            except StartError as error:
                passing = isinstance(error, PortTakenError) or "is still in use" in str(error)
                if not passing or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _launch(self, port: int) -> None:
        self._configure(port)
        process = ServerProcess(
            Program(
                [str(self._binaries.postgres), "-D", str(self._data)],
                account=self._account,
                folder=self._private,
                log_path=self.log_path,
                orphan_signal=signal.SIGQUIT,
            )
        )
        try:
            process.wait_listening(port, _START_SECONDS)
            self._wait_ready(process)
        except BaseException:
            process.end([(signal.SIGQUIT, 10.0)])
            raise
        self._process = process

    def _wait_ready(self, process: ServerProcess) -> None:
        """Wait until the postmaster has written `ready` in its pid file, which it does when recovery is over."""
        deadline = time.monotonic() + _START_SECONDS
        pid_file = self._data / "postmaster.pid"
        while True:
            lines = pid_file.read_text(encoding="utf-8").splitlines() if pid_file.exists() else []
            # Lines of the file: 1 process id, 4 port, 8 status (PostgreSQL's src/include/utils/pidfile.h).
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return
            if not process.alive() or time.monotonic() > deadline:
                raise StartError(f"the database server did not become ready; its log is {self.log_path}")
            time.sleep(0.01)

    def _initialise(self) -> None:
        """Make the data folder, by way of another name, so that a half-made one is never taken for whole."""
        self._password_file.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
        self._password_file.chmod(0o600)
        self._account.owns_after(self._password_file)
        draft = self._private / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        command = [str(self._binaries.initdb), "--pgdata", str(draft), "--username", _SUPERUSER, "--encoding", "UTF8"]
        command += ["--pwfile", str(self._password_file), "--auth", "scram-sha-256"]
        command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        command += [] if self._durable else ["--no-sync"]
        done = subprocess.run(
            command,
            cwd=self._private,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **identity(self._account),
        )
        if done.returncode != 0:
            raise StartError(f"initdb failed in {draft}:\n{done.stdout}{done.stderr}")
        draft.rename(self._data)

    def _configure(self, port: int) -> None:
        values = {**self._settings, "port": str(port)}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items()]
        for name, text in (("postgresql.conf", "".join(lines)), ("pg_hba.conf", _ACCESS)):
            path = self._data / name
            path.write_text(text, encoding="utf-8")
            self._account.owns_after(path)
