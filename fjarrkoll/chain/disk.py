"""A disk of fixed size in memory for the database's files, that can be filled to the last byte and freed again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fleet.errors import ConfigurationError

_BALLAST: Final = "ballast"
_PIECE: Final = 1 << 20


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs on `folder`, gone after the block.

    Raises:
        ConfigurationError: we may not mount; only root may.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise ConfigurationError(
            f"a full disk needs a disk of its own, and only root may mount one: {done.stderr.strip()}"
        )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - as above


def may_mount() -> bool:
    """Whether `small_disk` has a chance."""
    return os.geteuid() == 0


def fill(folder: Path) -> int:
    """Takes all space that is left; returns how many bytes that was."""
    piece = os.urandom(_PIECE)
    taken = 0
    with (folder / _BALLAST).open("ab", buffering=0) as ballast:
        while True:
            try:
                taken += ballast.write(piece)
            except OSError:
                if len(piece) == 1:
                    return taken
                piece = piece[: len(piece) // 2]


def free(folder: Path) -> None:
    """Gives the space back."""
    (folder / _BALLAST).unlink(missing_ok=True)
