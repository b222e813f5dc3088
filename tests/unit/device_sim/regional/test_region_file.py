"""The file of an enrolled region: kept private, read whole, its first devices with shortened accounts."""

from itertools import count
from pathlib import Path

import pytest

from device_sim.regional.accounts import MOST_BEHIND_GATEWAYS, SUPPLIER_LINES, accounts_for
from device_sim.regional.region_file import Region, next_boot, read_region, write_region
from fleet.errors import ConfigurationError


def region(devices: int = 100, per_gateway: int = 40) -> Region:
    words = (f"word-{number}" for number in count())
    return Region(devices=devices, accounts=accounts_for(devices, words, per_gateway))


def test_what_was_written_is_read_and_nobody_else_may(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "region.json"
    write_region(path, region())
    assert read_region(path) == region()
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


def test_the_first_devices_have_the_first_accounts_and_the_last_one_is_shortened() -> None:
    accounts = region().first(50)
    assert [account.devices for account in accounts] == [(0, 40), (40, 50)]
    assert [account.name for account in accounts] == ["gateway-00000", "gateway-00001"]
    assert region().first(100) == region().accounts


def test_more_devices_than_are_enrolled_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="101 devices are asked for, 100 are enrolled"):
        region().first(101)


def test_a_missing_or_broken_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="fjarrkoll enroll region"):
        read_region(tmp_path / "none")
    (tmp_path / "broken").write_text("{")
    with pytest.raises(ConfigurationError, match="is no region file"):
        read_region(tmp_path / "broken")


def test_every_start_has_a_boot_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "region.json"
    assert [next_boot(path) for _ in range(3)] == [1, 2, 3]


def test_a_fleet_too_large_for_lists_has_one_account_and_several_lines() -> None:
    accounts = region(MOST_BEHIND_GATEWAYS + 1).accounts
    assert len(accounts) == SUPPLIER_LINES
    assert len({(account.name, account.password) for account in accounts}) == 1
    assert accounts[-1].devices[1] == MOST_BEHIND_GATEWAYS + 1
