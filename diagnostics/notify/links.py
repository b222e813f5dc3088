"""Links by which the one who was called takes an alarm, pure: a token per message, of which only the hash is kept."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from fleet.errors import ConfigurationError

LIVES: Final = timedelta(hours=24)
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")
SHORTEST_SECRET: Final = 32


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links. A message's token is the same at every attempt, so that a repeat is a repeat.

    Args:
        base_url: where people reach the API.
        secret: at least 32 characters; whoever has it still needs the number of a message that was sent.

    Raises:
        ConfigurationError: the secret is too short.
    """

    base_url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise ConfigurationError(f"FJARRKOLL_LINK_SECRET needs at least {SHORTEST_SECRET} characters")

    def token(self, notification_id: int) -> str:
        """The token of one message: 192 bits that nobody can guess."""
        digest = hmac.new(self.secret.encode(), f"acknowledge {notification_id}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def link(self, token: str) -> str:
        """The page of a token."""
        return f"{self.base_url.rstrip('/')}/a/{token}"


def hash_of(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()
