"""Secrets of a local system: generated once, kept in one file that only its owner can read."""

import secrets
from pathlib import Path
from typing import Final

import msgspec

from fleet.plumbing.store.bootstrap import Passwords

BROKER_SERVICES: Final = ("ingest", "diagnostics", "observer")


class LocalSecrets(msgspec.Struct, frozen=True):
    """Passwords per database role and broker service, the key that signs webhooks, and the one that makes links."""

    database: dict[str, str]
    broker: dict[str, str]
    webhook: str
    link: str = ""

    @property
    def roles(self) -> Passwords:
        """The database passwords as the store wants them."""
        return Passwords(**self.database)


def load_or_make(path: Path) -> LocalSecrets:
    """The secrets of the file, made now if there is none; a file of an earlier release gets what it lacks."""
    if path.is_file():
        known = msgspec.json.decode(path.read_bytes(), type=LocalSecrets)
        if known.link:
            return known
        made = msgspec.structs.replace(known, link=secrets.token_urlsafe(32))
        write_private(path, msgspec.json.encode(made))
        return made
    made = LocalSecrets(
        database=dict(Passwords.generate().items()),
        broker={name: secrets.token_urlsafe(24) for name in BROKER_SERVICES},
        webhook=secrets.token_urlsafe(32),
        link=secrets.token_urlsafe(32),
    )
    write_private(path, msgspec.json.encode(made))
    return made


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
