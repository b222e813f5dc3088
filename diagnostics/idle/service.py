"""Decides what the idle list shows."""

from datetime import date
from typing import Any, Final

from diagnostics.devices.service import payer_item, use_of
from diagnostics.idle import repository
from diagnostics.idle.schemas import (
    IdleItem,
    IdlePage,
    IdleQuery,
    IdleSummary,
    MoneyAnswer,
    MoneyQuery,
    MoneyRow,
    VerdictCount,
)
from diagnostics.idle.summary import summarise
from diagnostics.paging import cut, decode_cursor
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.idle_words import NOT_YET_JUDGED, said_of_all
from fleet.text import Text


async def list_idle(work: Work, query: IdleQuery) -> IdlePage:
    """A page of devices proven unused (or of another verdict), with the denominators of the whole."""
    today = local_day(work.now)
    rows = await repository.idle(work, query.verdict, _filters(query))
    page, cursor = cut(rows, query.limit, lambda row: (row["listed_since"] or date.max, row["device_no"]))
    asked = query.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
    await work.record("idle.read", devices=[row["device_no"] for row in page], asked=asked)
    return IdlePage(
        items=[_item(row, today) for row in page],
        next_cursor=cursor,
        summary=await _summary(work, query.device_class, query.payer),
    )


async def summary(work: Work) -> IdleSummary:
    """The denominators of everything in scope, without a list."""
    await work.record("idle.summary")
    return await _summary(work, None, None)


async def _summary(work: Work, device_class: str | None, payer: str | None) -> IdleSummary:
    counts = await repository.counts(work, device_class, payer)
    run = await repository.latest_run(work)
    return summarise(map(_count, counts), local_day(work.now), None if run is None else run["judged_at"])


def _filters(query: IdleQuery) -> dict[str, Any]:
    after = decode_cursor(query.cursor, tuple[date, int]) or (None, None)
    return {
        "step": query.step,
        "device_class": query.device_class,
        "payer": query.payer,
        "opinion": query.opinion,
        "after_since": after[0],
        "after_device": after[1],
        "limit": query.limit + 1,
    }


def _item(row: Row, today: date) -> IdleItem:
    return IdleItem(
        device_id=row["device_id"],
        individual_number=row["individual_number"],
        device_class=row["device_class"],
        held=row["held"],
        maker=row["maker"],
        model=row["model_name"],
        payer=payer_item(row),
        legal_frame=row["legal_frame"],
        last_seen=row["last_seen_at"],
        last_used=row["last_used_day"],
        use=use_of(row, today),
        recent_days=row["recent_days"],
        other_device=row["other_device"],
        rent_sek_per_month=row["rent_sek"],
        cost_sek_so_far=row["cost_sek"] if row["proven_unused"] else None,
    )


def _count(row: Row) -> VerdictCount:
    return VerdictCount(
        verdict=row["verdict"], step=row["step"], devices=row["devices"], rent_sek_per_month=row["rent_sek"]
    )


async def money(work: Work, query: MoneyQuery) -> MoneyAnswer:
    """What proven non-use costs, by group, with a total over every group, shown or not."""
    run = await repository.latest_run(work)
    rows = [] if run is None else await repository.money(work, query.by, query.limit)
    every = rows if len(rows) < query.limit else await repository.money(work, "class")
    await work.record("idle.money", by=query.by)
    return MoneyAnswer(
        judged_at=None if run is None else run["judged_at"],
        by=query.by,
        groups=rows[0]["groups"] if rows else None if run is None else 0,
        items=[_money(row) for row in rows],
        total=None if run is None else _money(_total(every)),
        meaning=BilingualText.of(NOT_YET_JUDGED if run is None else _meaning(_total(every))),
    )


def _total(rows: list[Row]) -> Row:
    return {name: sum(row[name] for row in rows) for name in _SUMMED} | {"name": ""}


def _meaning(total: Row) -> Text:
    on_loan, reported = total["on_loan"], total["reported"]
    return said_of_all(on_loan=on_loan, reported=reported, unused=total["proven_unused"], unknown=on_loan - reported)


_SUMMED: Final = (
    "on_loan", "can_report", "reported", "proven_unused", "proposed", "rent_sek", "cost_sek", "saving_sek",
)  # fmt: skip


def _money(row: Row) -> MoneyRow:
    return MoneyRow(
        name=row["name"],
        on_loan=row["on_loan"],
        can_report=row["can_report"],
        reported=row["reported"],
        proven_unused=row["proven_unused"],
        proposed=row["proposed"],
        rent_sek_per_month=row["rent_sek"],
        cost_sek_so_far=row["cost_sek"],
        saving_sek_per_month=row["saving_sek"],
        saving_sek_per_year=12 * row["saving_sek"],
    )
