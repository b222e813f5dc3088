"""The benchmark's own helper programs: child processes that are spoken to in lines of JSON and end with the block."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from fleet.errors import FjarrkollError

_ROOT: Final = Path(__file__).resolve().parents[1]
_ENDING_SECONDS: Final = 10.0

Answer = TypeVar("Answer", bound=msgspec.Struct)


class ChildError(FjarrkollError):
    """A helper program ended before its work was done; the message is its own."""


class Child(Generic[Answer]):
    """A helper that is ready to begin."""

    def __init__(self, process: subprocess.Popen[str], answer: type[Answer], errors: Path | None = None) -> None:
        self._process = process
        self._errors = errors
        self._answer = answer
        self.pid = process.pid

    def go(self, word: str = "go") -> None:
        """Lets it begin."""
        self._say(word)

    def report(self) -> Answer:
        """Waits until it has finished; returns what it says of it.

        Raises:
            ChildError: it gave up.
        """
        return msgspec.json.decode(self._hear(), type=self._answer)

    def begin(self, order: msgspec.Struct) -> None:
        """Gives it its order and waits until it is ready.

        Raises:
            ChildError: it gave up.
        """
        self._say(msgspec.json.encode(order).decode())
        if (word := self._hear().strip()) != "ready":
            raise ChildError(f"a helper said {word!r} instead of being ready")

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise ChildError("a helper has no standard input")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            _, complaint = self._process.communicate(timeout=_ENDING_SECONDS)
            if self._errors is not None:
                complaint = "\n".join(self._errors.read_text(encoding="utf-8").splitlines()[-3:])
            raise ChildError(complaint.strip() or f"a helper ended with code {self._process.returncode}")
        return line


@contextmanager
def child(
    module: str, order: msgspec.Struct, answer: type[Answer], *, errors: Path | None = None
) -> Iterator[Child[Answer]]:
    """`python -m module`, told its order and ready to begin; ended with the block, whatever happened.

    Args:
        module: such as `benchmarks.generator`.
        order: what to do.
        answer: the type of its report.
        errors: where its standard error goes, for one that says more than a pipe holds; its complaint is the end of it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if errors is None else errors.open("w", encoding="utf-8"),
        text=True,
    )
    try:
        helper = Child(process, answer, errors)
        helper.begin(order)
        yield helper
    finally:
        process.kill()
        process.communicate()
