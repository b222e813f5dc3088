"""One of our own programs (ingest, API, worker) as a child process that cannot outlive us."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fjarrkoll.services.errors import StartError
from fjarrkoll.services.places import Account
from fjarrkoll.services.process import Program, ServerProcess
from fleet.plumbing.settings import PREFIX

_DRAIN_SECONDS: Final = 20.0
_TAIL_CHARACTERS: Final = 2000
_ROOT: Final = Path(__file__).resolve().parents[2]
# Only these variables reach a child: nothing secret of another role, nothing of the caller's shell by accident.
_PASSED_ON: Final = ("HOME", "LANG", "TMPDIR", "PYTHONWARNINGS")


class Part:
    """`fjarrkoll ARGUMENTS…` in a process of its own.

    Args:
        name: for messages and the log's file name.
        arguments: the sub-command.
        variables: FJARRKOLL_ settings it gets, without the prefix, in lower case; it gets no others.
        log_folder: where its log goes.
        module: what runs instead of `fjarrkoll`; for the negative controls of `fjarrkoll.chain`.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        log_folder: Path,
        *,
        module: str = "fjarrkoll",
    ) -> None:
        self.name = name
        self.log_path = log_folder / f"{name}.log"
        self._module = module
        self._arguments = tuple(arguments)
        self._variables = dict(variables)
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        """Starts it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it, whatever happened."""
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            StartError: it is not running.
        """
        if self._process is None:
            raise StartError(f"{self.name} is not running")
        return self._process.pid

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.alive()

    def start(self) -> None:
        """Starts it; whether it is ready is for the caller to ask."""
        inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {f"{PREFIX}{name.upper()}": value for name, value in self._variables.items()}
        self._process = ServerProcess(
            Program(
                command=[sys.executable, "-m", self._module, *self._arguments],
                account=Account(os.geteuid(), os.getegid()),
                folder=_ROOT,
                log_path=self.log_path,
                orphan_signal=signal.SIGTERM,
                # An env file of another system on this machine must not fill in what we left out.
                environment={**inherited, **own, f"{PREFIX}ENV_FILE": os.devnull},
            )
        )

    def stop(self) -> None:
        """SIGTERM, so that it finishes what it has begun; SIGKILL where that does not help."""
        self._end((signal.SIGTERM, _DRAIN_SECONDS))

    def kill(self) -> None:
        """SIGKILL."""
        self._end()

    def other(self, module: str) -> Self:
        """Another program with the same settings and log, such as the wrong one of a negative control, started."""
        part = type(self)(self.name, (), self._variables, self.log_path.parent, module=module)
        part.start()
        return part

    def twin(self, name: str, **variables: str) -> Self:
        """A second one of the same, with settings of its own where two cannot share them; not yet started."""
        known = {**self._variables, **variables}
        return type(self)(name, self._arguments, known, self.log_path.parent, module=self._module)

    def wait_listening(self, port: int, seconds: float = 30.0) -> None:
        """Waits until it, and nobody else, listens on a port.

        Raises:
            StartError: it ended instead; the end of its log is in the message.
        """
        if self._process is None:
            raise StartError(f"{self.name} is not running")
        self._process.wait_listening(port, seconds)

    def check(self) -> None:
        """Raises if it has ended by itself.

        Raises:
            StartError: with the end of its log.
        """
        if self._process is not None and not self._process.alive():
            tail = self._process.log_since_start()[-_TAIL_CHARACTERS:]
            raise StartError(f"{self.name} has ended; its log {self.log_path} ends:\n{tail}")

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if self._process is not None:
            self._process.end(steps)
            self._process = None
