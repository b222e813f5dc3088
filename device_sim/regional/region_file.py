"""The file that says which devices of a region are enrolled, and under which accounts their lines speak."""

import os
from pathlib import Path

import msgspec

from device_sim.boots import Boots
from device_sim.regional.accounts import Account
from device_sim.regional.plan import NAME
from fleet.errors import ConfigurationError


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled region; its devices are numbered from 0.

    Attributes:
        accounts: neighbouring devices each, in order, as many as the first but for the last.
    """

    devices: int
    accounts: list[Account]

    def first(self, devices: int) -> list[Account]:
        """The accounts of the first so many devices, the last one shortened to them.

        Raises:
            ConfigurationError: fewer are enrolled.
        """
        if devices > self.devices:
            raise ConfigurationError(f"{devices} devices are asked for, {self.devices} are enrolled")
        return [
            msgspec.structs.replace(account, devices=(account.devices[0], min(devices, account.devices[1])))
            for account in self.accounts
            if account.devices[0] < devices
        ]


def write_region(path: Path, region: Region) -> None:
    """Writes the file in one step, readable by its owner only: it holds passwords.

    Raises:
        FileExistsError: another enrolment is writing it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(region))
    draft.replace(path)


def read_region(path: Path) -> Region:
    """The enrolled region.

    Raises:
        ConfigurationError: the file is missing or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Region)
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} does not exist: enroll a region first (`fjarrkoll enroll region --devices 1000`)"
        ) from None
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{path} is no region file: {error}") from error


def next_boot(path: Path) -> int:
    """The number of a start of the whole region that happens now; kept beside the region file."""
    return Boots(path.with_name(f"{path.name}.boots")).next(NAME)
