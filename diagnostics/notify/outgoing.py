"""Outgoing HTTP for channels: one address from the settings, resolved once and pinned, never redirected (S16)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from diagnostics.notify.addresses import ForbiddenAddressError, choose_address, parse_target
from diagnostics.notify.retry import Failure

TIMEOUT_SECONDS: Final = 5.0
"""For everything together: name, connection, sending and the answer. Less than the outbox's lease."""
LARGEST_ANSWER: Final = 64 * 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Every address the system's resolver gives for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its status, and as much of its body as was asked for."""

    status: int
    body: bytes


class Outgoing:
    """Sends requests to one place and nowhere else.

    Args:
        url: https, or http where private addresses are allowed.
        allow_private: let the name lead to loopback or a private network.
        setting: the setting's name, for the sentence that refuses a wrong one.

    Raises:
        ConfigurationError: the URL may not be used.
    """

    def __init__(
        self,
        url: str,
        *,
        allow_private: bool,
        setting: str = "FJARRKOLL_WEBHOOK_URL",
        resolve: Resolve = resolve_by_system,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._target = parse_target(url, allow_private=allow_private, setting=setting)
        self._allow_private = allow_private
        self._resolve = resolve
        self._timeout = timeout_seconds
        # No proxy or .netrc from the environment: the address that was checked is the address connected to.
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_seconds)

    async def close(self) -> None:
        """Closes open connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        headers: Mapping[str, str],
        content: bytes,
        *,
        read: bool = False,
        path: str | None = None,
    ) -> Answer | Failure:
        """One request; any 2xx answer is a success. What a receiver does raises nothing.

        Args:
            method: such as POST.
            headers: beside Host and User-Agent.
            content: the body.
            read: whether the answer's body is wanted, up to LARGEST_ANSWER.
            path: another path of the same place.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._request(method, headers, content, read=read, path=path)
        except ForbiddenAddressError as error:
            return Failure(reason=str(error))
        except TimeoutError:
            return Failure(reason=f"no answer within {self._timeout:g} seconds")
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            return Failure(reason=f"could not be reached ({type(error).__name__})")

    async def _request(
        self, method: str, headers: Mapping[str, str], content: bytes, *, read: bool, path: str | None
    ) -> Answer | Failure:
        target = self._target if path is None else self._target.with_path(path)
        resolved = await self._resolve(target.host, target.port)
        address = choose_address(resolved, allow_private=self._allow_private)
        request = self._client.stream(
            method,
            target.at(address),
            content=content,
            headers={"Host": target.authority, "User-Agent": "fjarrkoll", **headers},
            extensions={"sni_hostname": target.host},
        )
        async with request as response:
            failure = _judged(response)
            if failure is not None:
                return failure
            return Answer(response.status_code, await _read(response) if read else b"")


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])


def _judged(response: httpx.Response) -> Failure | None:
    if response.is_success:
        return None
    if response.is_redirect:
        return Failure(reason="answered with a redirect, which is never followed", status=response.status_code)
    wish = response.headers.get("Retry-After", "")
    retry_after = timedelta(seconds=int(wish)) if wish.isascii() and wish.isdecimal() and len(wish) < 7 else None
    return Failure(reason=f"answered {response.status_code}", status=response.status_code, retry_after=retry_after)
