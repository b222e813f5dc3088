"""Decides what becomes of a work order; callable without HTTP, as by a diagnosis that ends in one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from diagnostics.devices import repository as devices
from diagnostics.devices.service import payer_item
from diagnostics.orders import findings as findings_of
from diagnostics.orders import repository
from diagnostics.orders.hours import calendar_of
from diagnostics.orders.schemas import (
    Drafted,
    FindingItem,
    MeasuresItem,
    MoveRequest,
    Order,
    OrderFilters,
    OrderItem,
    OrderQuery,
    OrderRequest,
    OutcomeItem,
    OutcomeRequest,
    TransitionItem,
)
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.deadlines import repair_due
from fleet.orders import (
    Action,
    Finding,
    OrderState,
    Outcome,
    OutcomeError,
    after,
    allowed,
    audience_of,
    drawn_together,
    measures,
)
from fleet.priority import PriorityClass
from fleet.text import Text

_DEFAULT_PERIOD: Final = timedelta(days=120)  # the regions follow their targets every four months (mission.md)


async def draft_from(work: Work, device_id: str, request: OrderRequest) -> Drafted:
    """Makes an order of faults, alarms, causes and remarks, or adds them to the open order about the same matter.

    Raises:
        Problem: no such device, fault or alarm in the caller's scope, or nothing is named.
    """
    device = await devices.identity(work, device_id)
    found = [
        *await findings_of.of_faults(work, device, request.faults),
        *await findings_of.of_alarms(work, device, request.alarms),
        *await findings_of.of_causes(work, device, request.causes),
    ]
    if request.remark is not None and request.remark.strip():
        found.append(findings_of.of_person(work, request.remark.strip()))
    return await draft(
        work, device, found, priority=request.priority, description=request.description, parts=request.parts
    )


async def draft(  # noqa: PLR0913 - an order is told in full where it is drafted
    work: Work,
    device: Row,
    found: Sequence[Finding],
    *,
    priority: PriorityClass | None = None,
    description: str = "",
    parts: Sequence[str] = (),
) -> Drafted:
    """The order that findings about one device become.

    Args:
        work: the caller's transaction.
        device: as of `diagnostics.devices.repository.identity`.
        found: at least one.
        priority: instead of the most urgent finding's.
        description: free text for whoever carries it out.
        parts: to bring; what the dictionary says where none are given.

    Raises:
        Problem: nothing was found.
    """
    if not found:
        raise findings_of.nothing_found()
    together, audience = drawn_together(found), audience_of(found)
    urgency, device_no = priority or together[0].priority, device["device_no"]
    due = repair_due(urgency, work.now, calendar_of(await repository.settings(work)))
    known = await repository.open_with(work, device_no, [finding.key for finding in together], audience)
    if known is None:
        values = {
            "priority": urgency,
            "audience": audience,
            "title_sv": together[0].title.sv,
            "title_en": together[0].title.en,
            "description": description,
            "parts": list(parts) or list(dict.fromkeys(part for finding in together for part in finding.parts)),
        }
        order_id = await repository.draft(work, device_no, values, due)
    else:
        order_id = known
        was = PriorityClass((await repository.one(work, known))["priority"])
        if urgency.rank < was.rank:
            await repository.sharpen(work, known, was, urgency, due)
    added = await repository.add_findings(work, order_id, device_no, found)
    await work.record("order.draft", device_no, order_id=order_id, new=known is None, added=added)
    return Drafted(new=known is None, added=added, order=await _order(work, await repository.one(work, order_id)))


async def show(work: Work, order_id: int) -> Order:
    """One order with its course.

    Raises:
        Problem: no such order in the caller's scope.
    """
    row = await repository.one(work, order_id)
    await work.record("order.read", row["device_no"], order_id=order_id)
    return await _order(work, row)


async def search(work: Work, query: OrderQuery) -> Page[OrderItem]:
    """A page of orders, the most pressing first."""
    after_due = decode_cursor(query.cursor, tuple[datetime, int]) or (None, None)
    rows = await rows_of(work, query, after_due=after_due[0], after_id=after_due[1], limit=query.limit + 1)
    page, cursor = cut(rows, query.limit, lambda row: (row["done_by"], row["order_id"]))
    asked = query.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
    await work.record("orders.search", devices=[row["device_no"] for row in page], asked=asked)
    return Page(items=await items_of(work, page), next_cursor=cursor)


async def rows_of(work: Work, query: OrderFilters, **place: Any) -> list[Row]:  # noqa: ANN401 - parameters of SQL
    """The orders that a list's or an export's filters let through."""
    filters = {
        "priority": query.priority,
        "device_class": query.device_class,
        "payer": query.payer,
        "depot": query.depot,
        "device_id": query.device,
        "technician": query.technician,
        "overdue": query.overdue,
        "now": work.now,
        **place,
    }
    return await repository.search(work, query.state, filters)


async def items_of(work: Work, rows: Sequence[Row]) -> list[OrderItem]:
    """Orders as they are shown in a list."""
    found = await repository.findings(work, [row["order_id"] for row in rows])
    return [OrderItem(**_item(row, found[row["order_id"]], work.now)) for row in rows]


async def move(work: Work, order_id: int, action: Action, request: MoveRequest) -> Order:
    """Places, starts or cancels an order.

    Raises:
        Problem: no such order in the caller's scope, it is not in a state for this, or its device is on hold.
    """
    row = await repository.one(work, order_id)
    was, state = _step(row, action)
    if action is Action.START and row["on_hold"]:
        raise _on_hold()
    if not await repository.move(work, order_id, was, state, request.technician):
        raise _changed_meanwhile()
    await repository.trace(work, order_id, state, request.reason)
    await work.record(f"order.{action}", row["device_no"], order_id=order_id)
    return await _order(work, await repository.one(work, order_id))


async def finish(work: Work, order_id: int, request: OutcomeRequest) -> Order:
    """Records an order's outcome, and what it teaches.

    Raises:
        Problem: no such order in the caller's scope, it is over, or the outcome contradicts itself.
    """
    row = await repository.one(work, order_id)
    outcome = _outcome(request)
    was, state = _step(row, Action.FINISH)
    if not await repository.finish(work, order_id, was, outcome, request.technician):
        raise _changed_meanwhile()
    await repository.trace(work, order_id, state, request.reason)
    await work.record("order.finish", row["device_no"], order_id=order_id, solved=outcome.solved)
    return await _order(work, await repository.one(work, order_id))


async def measure(
    work: Work, start: datetime | None, end: datetime | None, device_class: str | None = None
) -> MeasuresItem:
    """What remote diagnosis has brought in a period, by the orders closed in it.

    Raises:
        Problem: the period is empty.
    """
    last = end or work.now
    first = start or last - _DEFAULT_PERIOD
    if first >= last:
        raise _empty_period()
    settings = await repository.settings(work)
    recurs = settings["recurs_days"]["value"]
    tally, now = await repository.tally(work, first, last, device_class, recurs)
    found = measures(tally, settings["visit_minutes"]["value"])
    await work.record("orders.measure", asked={"from": first, "to": last, "class": device_class})
    return MeasuresItem(
        **{
            name: getattr(found, name)
            for name in MeasuresItem.model_fields
            if hasattr(found, name) and name != "meaning"
        },
        start=first,
        end=last,
        open_now=now["open"],
        overdue_now=now["overdue"],
        visit_minutes_basis=settings["visit_minutes"]["basis"],
        recurs_days=recurs,
        meaning=BilingualText.of(found.meaning),
    )


def _step(row: Row, action: Action) -> tuple[OrderState, OrderState]:
    was = OrderState(row["state"])
    state = after(was, action)
    if state is None:
        raise _not_in_this_state(was)
    return was, state


def _outcome(request: OutcomeRequest) -> Outcome:
    try:
        return Outcome(
            solved=request.solved,
            cause=request.cause.strip(),
            parts_used=tuple(request.parts_used),
            visits=request.visits,
            first_visit_fixed=request.first_visit_fixed,
            minutes_spent=request.minutes_spent,
        )
    except OutcomeError as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "contradictory_outcome",
            Text("Utfallet motsäger sig", "The outcome contradicts itself"),
            error.text,
        ) from error


async def _order(work: Work, row: Row) -> Order:
    order_id = row["order_id"]
    found = (await repository.findings(work, [order_id]))[order_id]
    return Order(
        **_item(row, found, work.now),
        transitions=[
            TransitionItem(at=step["at"], state=step["state"], reason=step["reason"], by=step["by_whom"])
            for step in await repository.transitions(work, order_id)
        ],
        may=list(allowed(OrderState(row["state"]))),
    )


_PLAIN: Final = (
    *(
        "order_id",
        "device_id",
        "individual_number",
        "device_class",
        "maker",
        "serial_number",
        "firmware",
        "legal_frame",
    ),
    *("state", "priority", "on_hold", "description", "parts", "reported_at", "start_by", "done_by", "technician"),
    *("created_by", "started_at", "closed_at"),
)


def _item(row: Row, found: Sequence[Row], now: datetime) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _PLAIN},
        "model": row["model_name"],
        "payer": payer_item(row),
        "depot": row["depot_name"],
        "title": BilingualText(sv=row["title_sv"], en=row["title_en"]),
        "overdue": (row["closed_at"] or now) > row["done_by"] and row["state"] != OrderState.CANCELLED,
        "findings": [_finding(entry) for entry in found],
        "outcome": None if row["solved"] is None else _outcome_item(row),
    }


def _finding(row: Mapping[str, Any]) -> FindingItem:
    return FindingItem(
        kind=row["kind"],
        reference=row["reference"],
        title=BilingualText(sv=row["title_sv"], en=row["title_en"]),
        fault_code=row["fault_code"],
        happened_at=row["happened_at"],
        known_at=row["known_at"],
        noted_by=row["noted_by"],
    )


def _outcome_item(row: Row) -> OutcomeItem:
    return OutcomeItem(
        solved=row["solved"],
        cause=row["cause"],
        parts_used=row["parts_used"],
        visits=row["visits"],
        first_visit_fixed=row["first_visit_fixed"],
        minutes_spent=row["minutes_spent"],
    )


def _not_in_this_state(state: OrderState) -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "wrong_state",
        Text("Arbetsordern är inte i det läget", "The work order is not in that state"),
        Text(
            "Se `may` på arbetsordern: det är vad som kan göras nu.",
            "See `may` of the work order: that is what can be done now.",
        ),
        extra={"state": state.value, "may": [action.value for action in allowed(state)]},
    )


def _on_hold() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "on_hold",
        Text("Avvikelsespärr", "Incident hold"),
        Text(
            "Hjälpmedlet ska lämnas orört tills två personer har hävt spärren.",
            "The device must be left untouched until two persons have lifted the hold.",
        ),
    )


def _changed_meanwhile() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "changed_meanwhile",
        Text("Någon annan hann före", "Somebody else was first"),
        Text("Hämta arbetsordern igen och se hur den står.", "Fetch the work order again and see how it stands."),
    )


def _empty_period() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "impossible_period",
        Text("Perioden går inte att visa", "The period cannot be shown"),
        Text("`from` ska ligga före `to`.", "`from` must lie before `to`."),
    )
