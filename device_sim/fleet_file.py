"""The file that tells the simulator which devices are enrolled: one JSON line each, with the device's own credentials."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from fleet.errors import ConfigurationError


class FleetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One enrolled device as the simulator needs it."""

    device_id: str
    password: str
    device_class: str
    model: str
    firmware: str = "1.0.0"
    individual_number: str = ""


def write_fleet(path: Path, entries: Iterable[FleetEntry]) -> None:
    """Writes the file, readable by its owner only: it holds passwords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.Encoder().encode_lines(entries))


def read_fleet(path: Path) -> list[FleetEntry]:
    """The enrolled devices.

    Raises:
        ConfigurationError: the file is missing or holds something else.
    """
    try:
        return msgspec.json.Decoder(FleetEntry).decode_lines(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist: enroll devices first (`fjarrkoll enroll --help`)") from None
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{path} is no fleet file, one JSON object per line is expected: {error}") from error
