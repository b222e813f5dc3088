"""Decides what is shown of devices: the list, and one device as it stands."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from diagnostics import verdicts
from diagnostics.alarms import service as alarms
from diagnostics.devices import repository
from diagnostics.devices.present import event_states, metric_states
from diagnostics.devices.schemas import Device, DeviceItem, DeviceQuery, LoanItem, PayerItem, Use
from diagnostics.devices.wanted import Wanted
from diagnostics.faults import service as faults
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.idle_words import reason, would_change
from fleet.presence import online


async def search(work: Work, query: DeviceQuery) -> Page[DeviceItem]:
    """A page of the devices that every given filter lets through, in the order of their individual numbers."""
    after = decode_cursor(query.cursor, tuple[str])
    wanted = Wanted(
        individual_number=query.individual_number,
        device_class=query.device_class,
        payer=query.payer,
        verdict=query.state if query.state != "alarm" else None,
        alarming=query.state == "alarm",
        text=query.text,
    )
    rows = await repository.search(work, wanted, after[0] if after else None, query.limit + 1)
    page, cursor = cut(rows, query.limit, lambda row: (row["individual_number"],))
    asked = query.model_dump(exclude={"cursor", "limit"}, exclude_none=True)
    await work.record("devices.search", devices=[row["device_no"] for row in page], asked=asked)
    return Page(items=[DeviceItem(**_item(work, row)) for row in page], next_cursor=cursor)


async def show(work: Work, device_id: str) -> Device:
    """One device with its present.

    Raises:
        Problem: no such device in the caller's scope.
    """
    row = await repository.one(work, device_id)
    device_no, device_class = row["device_no"], row["device_class"]
    device = Device(
        **_item(work, row),
        **_register(row),
        loan=_loan(row),
        state=await metric_states(work, row),
        latest_events=event_states(work, row),
        active_faults=await faults.active_faults(work, device_no, device_class),
        alarms=await alarms.open_alarms(work, device_no),
    )
    await work.record("device.read", device_no)
    return device


def _item(work: Work, row: Row) -> dict[str, Any]:
    return {
        "device_id": row["device_id"],
        "individual_number": row["individual_number"],
        "device_class": row["device_class"],
        "maker": row["maker"],
        "model": row["model_name"],
        "payer": payer_item(row),
        "legal_frame": row["legal_frame"],
        "stock_state": row["stock_state"],
        "can_report": row["enrolled_at"] is not None and row["device_class"] in work.registry,
        "online": online(row["answered_at"], row["online"], work.now),
        "first_seen": row["first_seen_at"],
        "last_seen": row["last_seen_at"],
        "last_used": row["last_used_day"],
        "use": use_of(row, local_day(work.now)),
        "open_alarms": row["open_alarms"],
        "held": row["held"],
    }


def use_of(row: Mapping[str, Any], today: date) -> Use:
    """The idle verdict with its reasons."""
    found = verdicts.found(row, today)
    return Use(
        verdict=found.verdict,
        step=found.step,
        since=found.since,
        days=found.days,
        reason=BilingualText.of(reason(found)),
        would_change=BilingualText.of(would_change(found)),
        in_use=found.in_use,
        in_use_low=found.in_use_low,
        in_use_high=found.in_use_high,
        opinion=found.opinion,
        judged_at=row["judged_at"],
    )


def payer_item(row: Mapping[str, Any]) -> PayerItem | None:
    """The payer in a row, if there is one."""
    return None if row["payer_code"] is None else PayerItem(code=row["payer_code"], name=row["payer_name"])


def _register(row: Row) -> dict[str, Any]:
    return {
        "serial_number": row["serial_number"],
        "firmware": row["firmware"],
        "model_key": row["model_key"],
        "idle_policy": row["idle_policy"],
        "basic_equipment": row["basic_equipment"],
        "depot": row["depot_name"],
        "enrolled_at": row["enrolled_at"],
    }


def _loan(row: Row) -> LoanItem | None:
    payer, started_at = payer_item(row), row["loan_started_at"]
    if payer is None or not isinstance(started_at, datetime):
        return None
    return LoanItem(
        payer=payer,
        legal_frame=row["legal_frame"],
        started_at=started_at,
        prescriber_unit=row["prescriber_unit"],
    )
