"""The ledger: every (device, boot, seq) that a simulated device produced, written before it is sent, for a checker."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from fleet.topics import Verb


class Ledger:
    """A text file with one line `device_id boot seq verb` per message; nothing is written when no path is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self.entries = 0

    def __enter__(self) -> Self:
        """Opens the file; what is in it stays."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def note(self, device_id: str, boot: int, seq: int, verb: Verb) -> None:
        """Writes one produced message down."""
        self.entries += 1
        if self._file is not None:
            self._file.write(f"{device_id} {boot} {seq} {verb}\n")

    def flush(self) -> None:
        """Makes what is noted visible to a reader."""
        if self._file is not None:
            self._file.flush()


def read_ledger(path: Path) -> Iterator[tuple[str, int, int, Verb]]:
    """The entries of a ledger file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            device_id, boot, seq, verb = line.split()
            yield device_id, int(boot), int(seq), Verb(verb)
