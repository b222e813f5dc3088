"""The file that tells the simulator which devices are enrolled: one JSON line each, with the device's own password."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from fleet.errors import ConfigurationError, shown
from fleet.topics import is_device_id


class FleetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One enrolled device as the simulator needs it."""

    device_id: str
    password: str
    device_class: str
    model: str
    firmware: str = "1.0.0"
    individual_number: str = ""


def write_fleet(path: Path, entries: Iterable[FleetEntry]) -> None:
    """Writes the file in one step, readable by its owner only: it holds passwords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.Encoder().encode_lines(entries))
    draft.replace(path)


def read_fleet(path: Path) -> list[FleetEntry]:
    """The enrolled devices.

    Raises:
        ConfigurationError: the file is missing or holds something else.
    """
    try:
        entries = msgspec.json.Decoder(FleetEntry).decode_lines(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist: enroll devices first (`fjarrkoll enroll --help`)") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no fleet file, one JSON object per line is expected: {error}") from error
    for entry in entries:
        if not is_device_id(entry.device_id):
            raise ConfigurationError(f"{path}: {shown(entry.device_id)} is no device id: 3-40 of a-z, 0-9 and hyphen")
    return entries
