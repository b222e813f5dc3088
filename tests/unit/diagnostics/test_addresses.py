"""Where a webhook may go: the table of addresses, and URLs that are refused."""

import ipaddress

import pytest

from diagnostics.notify.addresses import ForbiddenAddressError, Target, choose_address, may_use, parse_target
from fleet.errors import ConfigurationError

ADDRESSES = [
    # address, allowed by default, allowed where private ones are
    ("93.184.216.34", True, True),
    ("2606:2800:220:1::1", True, True),
    ("127.0.0.1", False, True),
    ("127.9.9.9", False, True),
    ("::1", False, True),
    ("10.0.0.5", False, True),
    ("172.16.0.1", False, True),
    ("192.168.1.1", False, True),
    ("fd00::1", False, True),
    ("100.64.0.1", False, False),
    ("169.254.169.254", False, False),
    ("fe80::1", False, False),
    ("fec0::1", False, False),
    ("0.0.0.0", False, False),  # noqa: S104 - an address to refuse
    ("::", False, False),
    ("224.0.0.1", False, False),
    ("ff02::1", False, False),
    ("240.0.0.1", False, False),
    ("255.255.255.255", False, False),
    # an IPv4 address in an IPv6 coat
    ("::ffff:10.0.0.1", False, True),
    ("::ffff:127.0.0.1", False, True),
    ("::ffff:169.254.169.254", False, False),
    ("::ffff:93.184.216.34", True, True),
    ("64:ff9b::7f00:1", False, True),
    ("64:ff9b::a9fe:a9fe", False, False),
    ("2002:7f00:1::", False, True),
    ("2002:a9fe:a9fe::", False, False),
]


@pytest.mark.parametrize(("text", "by_default", "with_private"), ADDRESSES)
def test_address_table(text: str, by_default: bool, with_private: bool) -> None:
    address = ipaddress.ip_address(text)
    assert may_use(address, allow_private=False) is by_default
    assert may_use(address, allow_private=True) is with_private


def test_one_inside_address_spoils_the_name() -> None:
    assert str(choose_address(["93.184.216.34"], allow_private=False)) == "93.184.216.34"
    with pytest.raises(ForbiddenAddressError):
        choose_address(["93.184.216.34", "10.0.0.1"], allow_private=False)
    with pytest.raises(ForbiddenAddressError):
        choose_address([], allow_private=True)


def test_scope_of_a_link_local_address_does_not_hide_it() -> None:
    with pytest.raises(ForbiddenAddressError):
        choose_address(["fe80::1%eth0"], allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/hook",
        "//example.org/hook",
        "https:///hook",
        "https://user:secret-word@example.org/",
        "https://example.org:99999/",
        "https://exämple.org/",
        "https://[::1/",
        "",
    ],
)
def test_refused_url_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_target(url, allow_private=False)
    assert "secret-word" not in str(error.value)
    assert "example.org" not in str(error.value)


def test_parts_of_a_url() -> None:
    assert parse_target("https://example.org", allow_private=False) == Target("https", "example.org", 443, "/")
    target = parse_target("http://[::1]:8099/a/b?key=1", allow_private=True)
    assert target.authority == "[::1]:8099"
    assert target.at(ipaddress.ip_address("::1")) == "http://[::1]:8099/a/b?key=1"
