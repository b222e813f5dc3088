"""Where a webhook may go, pure: https to a public address, or a private one where a setting allows it (S16)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from fleet.errors import ConfigurationError, FjarrkollError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class ForbiddenAddressError(FjarrkollError):
    """The webhook's name leads to an address it may not go to."""


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address taken apart: scheme, host name, port, and path with query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"

    def with_path(self, path: str) -> "Target":
        """Another path of the same place."""
        return replace(self, path=path)

    def at(self, address: Address) -> str:
        """The URL with the name replaced by an address that has been checked, so that it cannot change in between."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_target(url: str, *, allow_private: bool, setting: str = "FJARRKOLL_WEBHOOK_URL") -> Target:
    """The parts of the URL that a setting holds.

    Raises:
        ConfigurationError: it is no URL that may be used; the sentence does not repeat it, for it may carry a key.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{setting} is not a URL; give https://host/path") from None
    if parts.scheme not in ({"https", "http"} if allow_private else {"https"}) or not (parts.hostname or "").isascii():
        raise ConfigurationError(f"{setting} must begin with https:// and name a host")
    if not parts.hostname:
        raise ConfigurationError(f"{setting} names no host; give https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{setting} must not carry a user name or password; requests are signed instead")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path)


def choose_address(resolved: Sequence[str], *, allow_private: bool) -> Address:
    """The address to connect to, when every address a name leads to may be used; one that may not spoils the name.

    Args:
        resolved: what the name leads to, as text.
        allow_private: whether loopback and private networks are allowed (never link-local, where clouds keep keys).

    Raises:
        ForbiddenAddressError: the name leads nowhere or to a forbidden address.
    """
    addresses = [ipaddress.ip_address(text.split("%")[0]) for text in resolved]
    if not addresses:
        raise ForbiddenAddressError("the webhook's name leads to no address")
    for address in addresses:
        if not may_use(address, allow_private=allow_private):
            raise ForbiddenAddressError(
                "the webhook's name leads to an address inside; set FJARRKOLL_WEBHOOK_ALLOW_PRIVATE to allow it"
            )
    return addresses[0]


def may_use(address: Address, *, allow_private: bool) -> bool:
    """Whether a webhook may connect to an address; an IPv4 address inside an IPv6 one is judged as itself."""
    inner = _embedded(address)
    if inner is not None:
        return may_use(inner, allow_private=allow_private)
    if address.is_loopback:
        return allow_private
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    if site_local or address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or (allow_private and address.is_private)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
