"""The webhook channel: a signed POST to one address of the installation."""

import time
from datetime import timedelta

from diagnostics.notify import signature
from diagnostics.notify.message import Message
from diagnostics.notify.outgoing import TIMEOUT_SECONDS, Outgoing, Resolve, resolve_by_system
from diagnostics.notify.retry import Failure
from fleet.errors import ConfigurationError


class Webhook:
    """Posts alarms as JSON.

    Headers: `Fjarrkoll-Signature` (see `signature`), `Idempotency-Key` (the same at every attempt), `Content-Type`.

    Args:
        url: https, or http where private addresses are allowed.
        secret: shared with the receiver, at least 16 characters.
        allow_private: let the name lead to loopback or a private network.

    Raises:
        ConfigurationError: the URL may not be used, or the secret is too short.
    """

    name = "webhook"
    receipts_within: timedelta | None = None

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve_by_system,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        if len(secret) < signature.SHORTEST_SECRET:
            raise ConfigurationError(f"FJARRKOLL_WEBHOOK_SECRET needs at least {signature.SHORTEST_SECRET} characters")
        self._outgoing = Outgoing(url, allow_private=allow_private, resolve=resolve, timeout_seconds=timeout_seconds)
        self._secret = secret

    async def close(self) -> None:
        """Closes open connections."""
        await self._outgoing.close()

    async def send(self, message: Message) -> Failure | None:
        """Posts once; any 2xx answer means taken, its body is not read."""
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            signature.HEADER: signature.sign(self._secret, int(time.time()), message.body),
        }
        answer = await self._outgoing.send("POST", headers, message.body)
        return answer if isinstance(answer, Failure) else None
