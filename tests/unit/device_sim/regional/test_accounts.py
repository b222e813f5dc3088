"""A gateway's list at the broker names its own devices and no other."""

from itertools import repeat

from device_sim.regional.accounts import SUPPLIER_LINES, access_list, accounts_for, gateways, supplier
from device_sim.regional.plan import device_id


def test_together_gateways_speak_for_every_device_once() -> None:
    accounts = gateways(1050, repeat("x" * 16), per_gateway=200)
    assert [account.devices for account in accounts] == [
        (0, 200),
        (200, 400),
        (400, 600),
        (600, 800),
        (800, 1000),
        (1000, 1050),
    ]
    assert len({account.name for account in accounts}) == 6


def test_a_gateway_may_write_telemetry_and_read_receipts_of_its_devices_only() -> None:
    lines = list(access_list(gateways(3, repeat("x"), per_gateway=2)))
    assert lines == [
        "user gateway-00000",
        f"topic write fk/v1/{device_id(0)}/telemetry",
        f"topic write fk/v1/{device_id(1)}/telemetry",
        f"topic read fk/v1/{device_id(0)}/stored",
        f"topic read fk/v1/{device_id(1)}/stored",
        "user gateway-00001",
        f"topic write fk/v1/{device_id(2)}/telemetry",
        f"topic read fk/v1/{device_id(2)}/stored",
    ]


def test_a_suppliers_lines_share_one_account() -> None:
    accounts = supplier(10, "x", lines=4)
    assert [account.devices for account in accounts] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert list(access_list(accounts)) == [
        "user supplier",
        "topic write fk/v1/+/telemetry",
        "topic read fk/v1/+/stored",
    ]


def test_without_gateways_one_supplier_speaks_for_all() -> None:
    accounts = accounts_for(1000, repeat("x" * 16), per_gateway=0)
    assert {account.name for account in accounts} == {"supplier"}
    assert len(accounts) <= SUPPLIER_LINES
    assert sum(last - first for first, last in (account.devices for account in accounts)) == 1000
