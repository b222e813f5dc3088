"""Reads and writes work orders; what the caller may not see, the database does not give."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL

from diagnostics.problems import not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, formatted, room
from diagnostics.work import Work
from fleet.deadlines import RepairDue
from fleet.orders import Finding, OrderState, Outcome, Tally
from fleet.priority import PriorityClass
from fleet.text import Text

_SQL: Final = room(__file__)
THE_ORDER: Final = Text("Arbetsordern", "The work order")
# Literal conditions, so that the index of open orders serves the list that people look at.
_STATES: Final[Mapping[str, SQL]] = {
    "open": SQL("w.state IN ('draft', 'placed', 'started')"),
    "closed": SQL("w.state IN ('done', 'cancelled')"),
    "all": SQL("true"),
    "draft": SQL("w.state = 'draft'"),
    "placed": SQL("w.state = 'placed'"),
    "started": SQL("w.state = 'started'"),
    "done": SQL("w.state = 'done'"),
    "cancelled": SQL("w.state = 'cancelled'"),
}


async def faults(work: Work, device_no: int, ids: Sequence[int]) -> list[Row]:
    """The faults of a device with these numbers, as far as the caller sees them."""
    return await fetch_all(work.connection, _SQL["faults"], {"device_no": device_no, "ids": list(ids)})


async def alarms(work: Work, device_no: int, ids: Sequence[int]) -> list[Row]:
    """The alarms of a device with these numbers, as far as the caller sees them."""
    return await fetch_all(work.connection, _SQL["alarms"], {"device_no": device_no, "ids": list(ids)})


async def active_codes(work: Work, device_no: int) -> frozenset[str]:
    """The normalised codes of a device's active faults."""
    rows = await fetch_all(work.connection, _SQL["active_codes"], {"device_no": device_no})
    return frozenset(row["fault_code"] for row in rows)


async def open_with(work: Work, device_no: int, keys: Sequence[str], audience: str) -> int | None:
    """The open order that is about one of these matters, under a lock that lasts until the transaction ends."""
    await execute(work.connection, _SQL["lock"], {"device_no": device_no})
    row = await fetch_one(
        work.connection, _SQL["open_with"], {"device_no": device_no, "keys": list(keys), "audience": audience}
    )
    return None if row is None else int(row["order_id"])


async def draft(work: Work, device_no: int, values: Mapping[str, Any], due: RepairDue) -> int:
    """Writes a new order with its first transition."""
    row = await fetch_one(
        work.connection,
        _SQL["draft"],
        {
            "device_no": device_no,
            "now": work.now,
            "by": work.caller.name,
            "start_by": due.start_by,
            "done_by": due.done_by,
            **values,
        },
    )
    order_id = int((row or {})["order_id"])
    await trace(work, order_id, OrderState.DRAFT, "")
    return order_id


async def add_findings(work: Work, order_id: int, device_no: int, findings: Sequence[Finding]) -> int:
    """Adds what is not there yet; how many were new."""
    new = 0
    for finding in findings:
        parameters = {
            "order_id": order_id,
            "device_no": device_no,
            "kind": finding.kind,
            "reference": finding.reference,
            "key": finding.key,
            "fault_code": finding.fault_code,
            "title_sv": finding.title.sv,
            "title_en": finding.title.en,
            "happened_at": finding.happened_at,
            "known_at": finding.known_at,
            "by": work.caller.name,
        }
        new += await execute(work.connection, _SQL["add_finding"], parameters)
    return new


async def sharpen(work: Work, order_id: int, was: PriorityClass, priority: PriorityClass, due: RepairDue) -> None:
    """Makes an order more urgent."""
    parameters = {
        "order_id": order_id,
        "was": was,
        "priority": priority,
        "start_by": due.start_by,
        "done_by": due.done_by,
    }
    await execute(work.connection, _SQL["sharpen"], parameters)


async def trace(work: Work, order_id: int, state: OrderState, reason: str) -> None:
    """Writes down a transition."""
    parameters = {"order_id": order_id, "state": state, "reason": reason, "by": work.caller.name}
    await execute(work.connection, _SQL["trace"], parameters)


async def move(work: Work, order_id: int, was: OrderState, state: OrderState, technician: str | None) -> bool:
    """Takes an order from one state to another; false where it is no longer in the first."""
    parameters = {"order_id": order_id, "was": was, "state": state, "technician": technician, "now": work.now}
    if not await execute(work.connection, _SQL["move"], parameters):
        return False
    if state is OrderState.CANCELLED:
        await execute(work.connection, _SQL["settle"], {"order_id": order_id})
    return True


async def finish(work: Work, order_id: int, was: OrderState, outcome: Outcome, technician: str | None) -> bool:
    """Writes the outcome and what it teaches; false where the order is no longer in the state that was read."""
    parameters = {
        "order_id": order_id,
        "was": was,
        "now": work.now,
        "technician": technician,
        "solved": outcome.solved,
        "cause": outcome.cause,
        "parts_used": list(outcome.parts_used),
        "visits": outcome.visits,
        "first_visit_fixed": outcome.first_visit_fixed,
        "minutes_spent": outcome.minutes_spent,
    }
    if not await execute(work.connection, _SQL["finish"], parameters):
        return False
    await execute(work.connection, _SQL["settle"], {"order_id": order_id})
    await execute(work.connection, _SQL["learn"], {"order_id": order_id})
    return True


async def one(work: Work, order_id: int) -> Row:
    """An order with its device.

    Raises:
        Problem: no such order in the caller's scope.
    """
    row = await fetch_one(work.connection, _SQL["lookup"], {"order_id": order_id})
    if row is None:
        raise not_found(THE_ORDER)
    return row


async def search(work: Work, state: str, filters: Mapping[str, Any]) -> list[Row]:
    """Orders by due time; `filters` has every parameter of the query."""
    return await fetch_all(work.connection, formatted(_SQL["search"], state=_STATES[state]), filters)


async def findings(work: Work, orders: Sequence[int]) -> dict[int, list[Row]]:
    """What led to each of these orders."""
    found: dict[int, list[Row]] = {order_id: [] for order_id in orders}
    for row in await fetch_all(work.connection, _SQL["findings"], {"orders": list(orders)}):
        found[row["order_id"]].append(row)
    return found


async def transitions(work: Work, order_id: int) -> list[Row]:
    """What an order went through, oldest first."""
    return await fetch_all(work.connection, _SQL["transitions"], {"order_id": order_id})


async def tally(
    work: Work, start: datetime, end: datetime, device_class: str | None, recurs_days: int
) -> tuple[Tally, Row]:
    """The counts of a period's closed orders, and how many are open now."""
    parameters = {"start": start, "end": end, "device_class": device_class, "recurs_days": recurs_days}
    row = (await fetch_all(work.connection, _SQL["tally"], parameters))[0]
    now = (await fetch_all(work.connection, _SQL["open_counts"], {"now": work.now}))[0]
    return Tally(**{field.name: int(row[field.name]) for field in fields(Tally)}), now


async def causes(work: Work, device_class: str | None, fault_code: str | None) -> list[Row]:
    """What the whole fleet's orders have taught."""
    return await fetch_all(work.connection, _SQL["causes"], {"device_class": device_class, "fault_code": fault_code})


async def settings(work: Work) -> dict[str, Row]:
    """The workshop's numbers by name."""
    return {row["name"]: row for row in await fetch_all(work.connection, _SQL["settings"])}


async def set_setting(work: Work, name: str, value: int, basis: str) -> bool:
    """Changes one of the numbers; false where there is none of that name."""
    parameters = {"name": name, "value": value, "basis": basis, "by": work.caller.name, "now": work.now}
    return bool(await execute(work.connection, _SQL["set"], parameters))
