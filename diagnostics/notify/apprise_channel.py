"""The apprise channel, an extra that is off by default: whatever else apprise can reach, by a URL per recipient.

It hands the text to third parties, and its library opens its own connections: no address check of ours holds there.
That is why it must be switched on, and why the text names nothing but the kind of device and of alarm.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from fleet.errors import ConfigurationError

TIMEOUT_SECONDS: Final = 5.0


class Apprise:
    """Sends through apprise.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    name = "apprise"
    receipts_within: timedelta | None = None

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        try:
            import apprise  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigurationError("FJARRKOLL_APPRISE is on, but its extra is missing: `.[apprise]`") from error
        self._library: Any = apprise
        self._timeout = timeout_seconds

    async def close(self) -> None:
        """Nothing is kept open."""

    async def send(self, message: Message) -> Failure | None:
        """Sends once; apprise says only whether it worked."""
        sender = self._library.Apprise()
        if not sender.add(message.address):
            return Failure(reason="apprise does not know this kind of address")
        try:
            async with asyncio.timeout(self._timeout):
                worked = await sender.async_notify(title=message.title, body=message.text)
        except TimeoutError:
            return Failure(reason=f"no answer within {self._timeout:g} seconds")
        except Exception as error:  # noqa: BLE001 - what a third party's plug-in raises
            return Failure(reason=f"apprise failed ({type(error).__name__})")
        return None if worked else Failure(reason="apprise could not deliver it")
