"""The webhook channel: a signed POST to one address, resolved once and pinned, never redirected."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import httpx

from diagnostics.notify import signature
from diagnostics.notify.addresses import ForbiddenAddressError, choose_address, parse_target
from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from fleet.errors import ConfigurationError

TIMEOUT_SECONDS: Final = 5.0
"""For everything together: name, connection, sending and the answer's first line. Less than the outbox's lease."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Every address the system's resolver gives for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


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

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve_by_system,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._target = parse_target(url, allow_private=allow_private)
        if len(secret) < signature.SHORTEST_SECRET:
            raise ConfigurationError(f"FJARRKOLL_WEBHOOK_SECRET needs at least {signature.SHORTEST_SECRET} characters")
        self._secret = secret
        self._allow_private = allow_private
        self._resolve = resolve
        self._timeout = timeout_seconds
        # No proxy or .netrc from the environment: the address that was checked is the address connected to.
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_seconds)

    async def close(self) -> None:
        """Closes open connections."""
        await self._client.aclose()

    async def send(self, message: Message) -> Failure | None:
        """Posts once; any 2xx answer means taken, its body is not read."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(message)
        except ForbiddenAddressError as error:
            return Failure(reason=str(error))
        except TimeoutError:
            return Failure(reason=f"no answer within {self._timeout:g} seconds")
        except (OSError, httpx.HTTPError) as error:
            return Failure(reason=f"could not be reached ({type(error).__name__})")

    async def _post(self, message: Message) -> Failure | None:
        target = self._target
        resolved = await self._resolve(target.host, target.port)
        address = choose_address(resolved, allow_private=self._allow_private)
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "fjarrkoll",
            "Idempotency-Key": message.key,
            signature.HEADER: signature.sign(self._secret, int(time.time()), message.body),
        }
        request = self._client.stream(
            "POST", target.at(address), content=message.body, headers=headers, extensions={"sni_hostname": target.host}
        )
        async with request as response:
            return _judged(response)


def _judged(response: httpx.Response) -> Failure | None:
    if response.is_success:
        return None
    if response.is_redirect:
        return Failure(reason="answered with a redirect, which is never followed", status=response.status_code)
    wish = response.headers.get("Retry-After", "")
    retry_after = timedelta(seconds=int(wish)) if wish.isascii() and wish.isdecimal() and len(wish) < 7 else None
    return Failure(reason=f"answered {response.status_code}", status=response.status_code, retry_after=retry_after)
