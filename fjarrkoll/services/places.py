"""Who runs the servers and where their files live: PostgreSQL refuses root, so root hands over to `nobody`."""

import fcntl
import hashlib
import os
import pwd
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Used only by root, whose own folders are often closed to everyone else.
ROOT_CACHE = Path("/var/cache/fjarrkoll")
ROOT_STATE = Path("/var/lib/fjarrkoll")
UNPRIVILEGED_USER = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that servers run as."""

    uid: int
    gid: int

    def owns_after(self, path: Path) -> Path:
        """Hand `path` over to this account, where we are allowed to (only root is), and return it."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)
        return path


def service_account() -> Account:
    """Return our own account, or that of `nobody` when we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    entry = pwd.getpwnam(UNPRIVILEGED_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `$XDG_CACHE_HOME/fjarrkoll` or `~/.cache/fjarrkoll`; root's own may be closed to `nobody`."""
    base = environment.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "fjarrkoll"
    return folder if reachable(folder, service_account()) else ROOT_CACHE


def reachable(path: Path, account: Account) -> bool:
    """Say whether `account` may pass through every existing folder on the way to `path`, `path` included."""
    resolved = path.resolve()
    existing = [folder for folder in (resolved, *resolved.parents) if folder.is_dir()]
    return account.uid == os.geteuid() or all(_may_enter(folder, account) for folder in existing)


def private_folder(folder: Path, account: Account) -> Path:
    """Make `folder/private`, mode 0700 and owned by `account`, and return where it really is.

    When root keeps `folder` behind closed doors (below `/root`, or pytest's temporary folder), the real place is a
    folder of its own below `/var/lib/fjarrkoll`, the same each time, and `folder/private` is a link to it. Such places
    are removed once the folder that they belong to is gone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    link = folder.resolve() / "private"
    place = link if reachable(link.parent, account) else _side_folder(link)
    place.mkdir(mode=0o700, exist_ok=True)
    account.owns_after(place)
    if place != link:
        if link.is_symlink():  # of a folder that was copied, it points to the original's place
            link.unlink()
        link.symlink_to(place)
    return place


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` for the length of the block; other processes wait for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    bit = 0o100 if status.st_uid == account.uid else 0o001
    return bool(status.st_mode & bit)


def _side_folder(link: Path) -> Path:
    """Make the place outside that stands for `link`, noting whose it is, after clearing those that have lost theirs."""
    with locked(ROOT_STATE / "lock"):
        ROOT_STATE.chmod(0o755)  # whatever our umask
        for origin in ROOT_STATE.glob("*/origin"):
            if not os.path.lexists(origin.read_text(encoding="utf-8")):
                shutil.rmtree(origin.parent, ignore_errors=True)
        side = ROOT_STATE / hashlib.sha256(os.fsencode(link)).hexdigest()[:16]
        side.mkdir(exist_ok=True)
        side.chmod(0o711)
        (side / "origin").write_text(str(link.parent), encoding="utf-8")
    return side / "private"
