"""Secrets of a local system: generated once, kept in one file that only its owner can read."""

import secrets
from pathlib import Path
from typing import Final

import msgspec

DATABASE_ROLES: Final = ("owner", "ingest", "worker", "api", "grafana")
BROKER_SERVICES: Final = ("ingest", "diagnostics", "observer")


class LocalSecrets(msgspec.Struct, frozen=True):
    """Passwords per database role and broker service, and the key that signs webhooks."""

    database: dict[str, str]
    broker: dict[str, str]
    webhook: str


def load_or_make(path: Path) -> LocalSecrets:
    """The secrets of the file, made now if there is none."""
    if path.is_file():
        return msgspec.json.decode(path.read_bytes(), type=LocalSecrets)
    made = LocalSecrets(
        database={role: secrets.token_urlsafe(24) for role in DATABASE_ROLES},
        broker={name: secrets.token_urlsafe(24) for name in BROKER_SERVICES},
        webhook=secrets.token_urlsafe(32),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(made))
    return made
