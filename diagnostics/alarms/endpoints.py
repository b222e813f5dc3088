"""HTTP: list alarms, show one, and everything a person does about one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.alarms import backtest, service
from diagnostics.alarms.schemas import (
    AlarmDetail,
    AlarmItem,
    AlarmQuery,
    Backtest,
    BacktestQuery,
    Closing,
    Comment,
    FalseAlarm,
    HandOver,
    Plan,
    Precision,
    PrecisionQuery,
    VerdictGiven,
)
from diagnostics.paging import Page, PageLinks
from diagnostics.security import AlarmTaker, DeviceReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/alarms", tags=["alarms"])
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", summary="Alarms, newest first")
async def list_alarms(
    query: Annotated[AlarmQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> Page[AlarmItem]:
    """Open alarms, or with `state=all` also those that ended."""
    async with door.open(caller) as work:
        page = await service.list_alarms(work, query)
    return links.to_next_of(page)


@router.get("/precision", summary="How many alarms were right")
async def precision(query: Annotated[PrecisionQuery, Query()], caller: DeviceReader, door: Entrance) -> Precision:
    """Per class and rule over a period: raised, taken, and what people said of them. Unjudged counts as neither."""
    async with door.open(caller) as work:
        return await service.precision(work, query)


@router.get("/backtest", summary="What a rule would have done")
async def backtest_rule(query: Annotated[BacktestQuery, Query()], caller: DeviceReader, door: Entrance) -> Backtest:
    """The same rule object that judges live, over stored history in the order in which it became known."""
    async with door.open(caller) as work:
        return await backtest.run(work, query)


@router.get("/{alarm_id}", summary="One alarm")
async def show_alarm(alarm_id: _Id, caller: DeviceReader, door: Entrance) -> AlarmDetail:
    """The alarm that a notification points to, with its journal; of an area alarm also who is at risk first."""
    async with door.open(caller) as work:
        return await service.show_alarm(work, alarm_id)


@router.post("/{alarm_id}/take", summary="Take an alarm")
async def take_alarm(alarm_id: _Id, caller: AlarmTaker, door: Entrance, body: Plan | None = None) -> AlarmItem:
    """Says that the caller sees to it, and how. The alarm stays open until its condition or a person ends it.

    Asking twice is harmless; an alarm that somebody else has taken, or that has ended, answers 409.
    """
    async with door.open(caller) as work:
        return await service.take_alarm(work, alarm_id, body.plan if body else "")


@router.post("/{alarm_id}/hand-over", summary="Hand an alarm over")
async def hand_over(alarm_id: _Id, body: HandOver, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """Offers it to somebody by name; it stays the caller's until they take it. To nobody: it rings again."""
    async with door.open(caller) as work:
        return await service.hand_over(work, alarm_id, body.to, body.note)


@router.post("/{alarm_id}/resolve", summary="Resolve an alarm")
async def resolve_alarm(alarm_id: _Id, body: Closing, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """Ends it. While its condition goes on it rests; a safety alarm rings again after four hours of that."""
    async with door.open(caller) as work:
        return await service.close_alarm(work, alarm_id, service.RESOLVED, body.verdict, body.note)


@router.post("/{alarm_id}/false", summary="Say that an alarm was false")
async def false_alarm(alarm_id: _Id, body: FalseAlarm, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """Ends it with that verdict, which counts in the rule's precision."""
    async with door.open(caller) as work:
        return await service.close_alarm(work, alarm_id, service.FALSE, "false", body.note)


@router.post("/{alarm_id}/comment", summary="Comment on an alarm")
async def comment(alarm_id: _Id, body: Comment, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """Adds a remark to its journal, which is only ever added to."""
    async with door.open(caller) as work:
        return await service.comment(work, alarm_id, body.note)


@router.post("/{alarm_id}/verdict", summary="Say what an alarm was")
async def give_verdict(alarm_id: _Id, body: VerdictGiven, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """For one that ended by itself; the latest verdict counts, all are in the journal."""
    async with door.open(caller) as work:
        return await service.give_verdict(work, alarm_id, body.verdict, body.note)
