"""Decides what is shown of a device's faults."""

from datetime import datetime
from typing import Final

from diagnostics.devices import repository as devices
from diagnostics.faults import repository
from diagnostics.faults.schemas import FaultItem, FaultMeaning, FaultQuery
from diagnostics.paging import DevicePage, cut, decode_cursor
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.faults import Fault
from fleet.registry import Registry

MOST_ACTIVE: Final = 200
"""As many active faults as one device's page shows; the list has them all."""


async def list_faults(work: Work, device_id: str, query: FaultQuery) -> DevicePage[FaultItem]:
    """A page of a device's faults, newest first.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await devices.identity(work, device_id)
    after = decode_cursor(query.cursor, tuple[datetime, int])
    rows = await repository.of_device(
        work, device["device_no"], every=query.state == "all", after=after, limit=query.limit + 1
    )
    page, cursor = cut(rows, query.limit, lambda row: (row["raised_at"], row["device_fault_id"]))
    await work.record("faults.read", device["device_no"], state=query.state)
    return DevicePage(
        held=device["held"],
        items=[fault_item(work.registry, device["device_class"], row) for row in page],
        next_cursor=cursor,
    )


async def active_faults(work: Work, device_no: int, device_class: str) -> list[FaultItem]:
    """The active faults of a device, for its page."""
    rows = await repository.of_device(work, device_no, limit=MOST_ACTIVE)
    return [fault_item(work.registry, device_class, row) for row in rows]


def fault_item(registry: Registry, device_class: str, row: Row) -> FaultItem:
    """One fault as it is shown, with what the class's catalogue says."""
    known = registry[device_class].faults_by_code.get(row["fault_code"] or "") if device_class in registry else None
    return FaultItem(
        fault_id=row["device_fault_id"],
        system=row["system"],
        code=row["code"],
        subcode=row["subcode"],
        module=row["module"],
        text=row["text"],
        times=row["times"],
        raised_at=row["raised_at"],
        last_reported_at=row["last_seen_at"],
        known_at=row["known_at"],
        cleared_at=row["cleared_at"],
        cleared_by=row["cleared_by"],
        source=row["source"],
        known_code=known is not None,
        meaning=None if known is None else meaning(known),
    )


def meaning(fault: Fault) -> FaultMeaning:
    """A fault of the catalogue as it is shown."""
    return FaultMeaning(
        code=fault.code,
        severity=fault.severity,
        remedy=fault.remedy,
        clearable=fault.clearable,
        title=BilingualText.of(fault.title),
        cause=BilingualText.of(fault.cause),
        action=BilingualText.of(fault.action),
    )
