"""Who may speak for whom at the broker: a gateway for the devices behind it and no other, a supplier for its fleet."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from device_sim.regional.plan import device_id
from fleet.topics import Verb, topic

PER_GATEWAY: Final = 50
"""Devices behind one: a large care home. The broker compares a topic with line after line of its sender's list."""

MOST_BEHIND_GATEWAYS: Final = 500_000
"""With more devices one supplier speaks: the broker would read a list of millions of lines at its start."""
SUPPLIER_LINES: Final = 64


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A line's account.

    Attributes:
        devices: (first, one after the last) of those it speaks for.
        whole_fleet: a supplier's account, which may speak for every device; the broker's list then names none.
    """

    name: str
    password: str
    devices: tuple[int, int]
    whole_fleet: bool = False


def accounts_for(devices: int, passwords: Iterator[str], per_gateway: int = PER_GATEWAY) -> list[Account]:
    """Gateways, or one supplier where there are none (0) or the fleet is too large for lists of its devices."""
    if devices > MOST_BEHIND_GATEWAYS or not per_gateway:
        return supplier(devices, next(passwords), SUPPLIER_LINES)
    return gateways(devices, passwords, per_gateway)


def gateways(devices: int, passwords: Iterator[str], per_gateway: int = PER_GATEWAY) -> list[Account]:
    """Accounts of gateways with neighbouring devices behind each."""
    starts = range(0, devices, per_gateway)
    return [
        Account(
            name=f"gateway-{number:05d}", password=next(passwords), devices=(start, min(devices, start + per_gateway))
        )
        for number, start in enumerate(starts)
    ]


def supplier(devices: int, password: str, lines: int) -> list[Account]:
    """One account with several lines, its devices spread over them."""
    share = -(-devices // lines)
    return [
        Account(name="supplier", password=password, devices=(start, min(devices, start + share)), whole_fleet=True)
        for start in range(0, devices, share)
    ]


def access_list(accounts: Sequence[Account]) -> Iterator[str]:
    """Lines for the broker's access list."""
    seen: set[str] = set()
    for account in accounts:
        if account.name in seen:
            continue
        seen.add(account.name)
        yield f"user {account.name}"
        if account.whole_fleet:
            yield "topic write fk/v1/+/telemetry"
            yield "topic read fk/v1/+/stored"
        else:
            # The broker looks from the top: what is asked often stands first.
            names = [device_id(device) for device in range(*account.devices)]
            yield from (f"topic write {topic(name, Verb.TELEMETRY)}" for name in names)
            yield from (f"topic read {topic(name, Verb.STORED)}" for name in names)
