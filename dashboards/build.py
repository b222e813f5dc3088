"""Makes every dashboard from the registry and keeps the committed JSON in step with the code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dashboards.alarms import alarms
from dashboards.dashboard import Dashboard
from dashboards.device_class import device_class
from dashboards.idle import idle
from dashboards.ingest_health import ingest_health
from dashboards.overview import overview
from dashboards.variables import DEVICE_PAGE
from fleet.registry import Registry

COMMITTED: Final = Path(__file__).parent / "json"
"""Where the built dashboards lie, one folder per audience, as Grafana's file provisioning wants them."""


def all_dashboards(registry: Registry, device_page: str = DEVICE_PAGE) -> list[Dashboard]:
    """Overview, alarms, one dashboard per device class, ingest health, unused devices; in this order.

    Args:
        registry: the device classes of this installation.
        device_page: address to which a device id is appended.
    """
    classes = [device_class(profile, device_page) for profile in registry]
    return [overview(device_page), alarms(), *classes, ingest_health(registry, device_page), idle()]


def files(dashboards: list[Dashboard]) -> dict[str, str]:
    """Relative path to text of every dashboard; the same input gives the same bytes."""
    return {
        f"{board.folder.directory}/{board.uid}.json": json.dumps(board.to_json(), ensure_ascii=False, indent=2) + "\n"
        for board in dashboards
    }


def write(wanted: Mapping[str, str], folder: Path) -> list[str]:
    """Brings `folder` to what is wanted, removing dashboards that are no longer; returns the paths changed."""
    changed = differences(wanted, folder)
    for path in changed:
        target = folder / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def differences(wanted: Mapping[str, str], folder: Path) -> list[str]:
    """Paths below `folder` that are missing, too many or not as wanted."""
    present = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.glob("*/*.json")}
    return sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
