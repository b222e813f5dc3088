"""The manifest beside a dump: what it holds, so that nobody trusts a copy that is not whole."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from fleet.errors import FjarrkollError
from fleet.plumbing.store.keeping.hashes import TableHash

MANIFEST: Final = "manifest.json"
DUMP: Final = "store.dump"
_FORMAT: Final = 1
_BLOCK: Final = 1 << 20


class CopyError(FjarrkollError):
    """A backup could not be made, is damaged, or does not come back as it was; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds.

    Attributes:
        made_at: ISO time of the snapshot.
        revision: of the schema.
        postgres, timescaledb: versions of the server.
        dump_bytes, dump_sha256: of the dump's file.
        tables: rows and hash per table.
        seconds: how long it took.
    """

    made_at: str
    database: str
    revision: str
    postgres: str
    timescaledb: str
    dump_bytes: int
    dump_sha256: str
    tables: dict[str, TableHash]
    seconds: float

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes it last and in one step: a folder without one is no backup."""
    draft = folder / f"{MANIFEST}.draft"
    with draft.open("x", encoding="utf-8") as file:
        json.dump({"format": _FORMAT, **asdict(manifest)}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose dump is as it was written.

    Raises:
        CopyError: there is none, or manifest or dump are damaged.
    """
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told.pop("format") != _FORMAT:
            raise CopyError(f"{folder} was written by another release: restore it with that one")
        told["tables"] = {name: TableHash(**entry) for name, entry in told["tables"].items()}
        manifest = Manifest(**told)
    except FileNotFoundError as error:
        raise CopyError(f"{folder} is no finished backup: it has no {MANIFEST}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CopyError(f"{folder / MANIFEST} is damaged ({error}): take another backup") from error
    found = sha256_of(folder / DUMP)
    if found != manifest.dump_sha256:
        raise CopyError(f"{folder / DUMP} is damaged: its SHA-256 is not that of the manifest; take another backup")
    return manifest


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal.

    Raises:
        CopyError: there is none.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError as error:
        raise CopyError(f"{path} is missing: the backup is not whole") from error
    return digest.hexdigest()


def differences(expected: dict[str, TableHash], found: dict[str, TableHash]) -> list[str]:
    """A sentence per table that is not as it was."""
    sentences = []
    for name in sorted(expected.keys() | found.keys()):
        before, after = expected.get(name), found.get(name)
        if before is None or after is None:
            sentences.append(f"{name} is {'new' if before is None else 'missing'}")
        elif before.rows != after.rows:
            sentences.append(f"{name} has {after.rows} rows instead of {before.rows}")
        elif before != after:
            sentences.append(f"{name} has other values")
    return sentences
