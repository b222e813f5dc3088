"""Names buffer stores, places devices in them, and says how they are used there."""

from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.schemas import BilingualText
from diagnostics.stores.schemas import (
    MoveItem,
    NewStore,
    Placement,
    Placing,
    StoreItem,
    Stores,
    StoreUses,
    UsedDevice,
    UseQuery,
)
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.store_use import LOOKED_AT_DAYS, USE_WORDS, Judged, StoreUse, judge_use, moves
from fleet.text import Text

_SQL: Final = room(__file__)
_MOST: Final = 20_000
_LYING: Final = frozenset({"in_stock", "buffer_store"})


async def list_stores(work: Work) -> Stores:
    """Every buffer store."""
    rows = await fetch_all(work.connection, _SQL["stores"])
    await work.record("stores.read")
    return Stores(items=[StoreItem(**row) for row in rows])


async def keep(work: Work, code: str, asked: NewStore) -> StoreItem:
    """Adds a store, or names it anew.

    Raises:
        Problem: no such depot.
    """
    depot = None
    if asked.depot is not None:
        depot = await fetch_one(work.connection, _SQL["depot"], {"depot": asked.depot})
        if depot is None:
            raise not_found(Text("Depån", "The depot"))
    values = {"code": code, "title": asked.title, "depot_id": depot and depot["depot_id"]}
    await execute(work.connection, _SQL["keep"], values)
    await work.record("store.keep", store=code, title=asked.title, depot=asked.depot)
    rows = await fetch_all(work.connection, _SQL["stores"])
    return next(StoreItem(**row) for row in rows if row["code"] == code)


async def place(work: Work, device_id: str, asked: Placing) -> Placement:
    """Puts a device into a store, out of any other.

    Raises:
        Problem: no such device or store in the caller's scope, or the device is not in stock.
    """
    row = await find(work, device_id)
    await note_placement(work, row, asked.store)
    await work.record("store.place", row["device_no"], store=asked.store)
    return _placement(await find(work, device_id))


async def note_placement(work: Work, row: Row, code: str) -> bool:
    """Places a device without an audit line; False where it lies there already. Also used by the import.

    Raises:
        Problem: as `place`.
    """
    store = await fetch_one(work.connection, _SQL["store"], {"code": code})
    if store is None:
        raise not_found(Text("Buffertförrådet", "The buffer store"))
    if row["store"] == code:
        return False
    if row["stock_state"] not in _LYING:
        raise _refused(_NOT_IN_STOCK)
    day = local_day(work.now)
    if row["placement_id"] is not None:
        await execute(work.connection, _SQL["take"], {"placement_id": row["placement_id"], "day": day})
    values = {"device_no": row["device_no"], "store_id": store["store_id"], "day": day, "by": work.caller.name}
    await execute(work.connection, _SQL["place"], values)
    return True


async def take(work: Work, device_id: str) -> Placement:
    """Takes a device out of its store.

    Raises:
        Problem: no such device in the caller's scope, or it is in none.
    """
    row = await find(work, device_id)
    if row["placement_id"] is None:
        raise _refused(_IN_NONE)
    await execute(work.connection, _SQL["take"], {"placement_id": row["placement_id"], "day": local_day(work.now)})
    await work.record("store.take", row["device_no"], store=row["store"])
    return _placement(await find(work, device_id))


async def use(work: Work, query: UseQuery) -> StoreUses:
    """How what lies in buffer stores is used."""
    today = local_day(work.now)
    since = today - timedelta(days=LOOKED_AT_DAYS)
    asked = {**query.model_dump(), "since": since, "limit": _MOST}
    rows = await fetch_all(work.connection, _SQL["use"], asked)
    judged = [(row, _judge(row, today, since)) for row in rows]
    await work.record("stores.use", devices=[row["device_no"] for row in rows])
    counts = {use: sum(said.use is use for _, said in judged) for use in StoreUse}
    known = len(judged) - counts[StoreUse.UNKNOWN]
    free = [(row, said) for row, said in judged if not row["held"]]
    towards = moves([(row["individual_number"], row["model_key"], row["store"], said.use) for row, said in free])
    return StoreUses(
        today=today,
        since=since,
        devices=len(judged),
        known=known,
        under_used=counts[StoreUse.UNDER],
        over_used=counts[StoreUse.OVER],
        meaning=BilingualText.of(_meaning(counts, known, len(judged))),
        items=_items(judged),
        moves=[
            MoveItem(individual_number=move.device, from_store=move.from_store, to_store=move.to_store)
            for move in towards
        ],
    )


async def find(work: Work, device_id: str) -> Row:
    """A device and the store in which it lies.

    Raises:
        Problem: no such device in the caller's scope.
    """
    row = await fetch_one(work.connection, _SQL["device"], {"device_id": device_id})
    if row is None:
        raise not_found(Text("Hjälpmedlet", "The device"))
    return row


def _judge(row: Row, today: date, since: date) -> Judged:
    can_report = row["enrolled_at"] is not None
    heard, used = (row["heard"] or 0, row["used"] or 0) if can_report else (None, None)
    return judge_use(heard, used, (today - max(since, row["placed_on"])).days)


def _items(judged: Sequence[tuple[Row, Judged]]) -> list[UsedDevice]:
    order = list(StoreUse)
    return [
        UsedDevice(
            **{name: row[name] for name in UsedDevice.model_fields if name in row},
            model=row["model_name"],
            use=said.use,
            use_words=BilingualText.of(USE_WORDS[said.use]),
            used_share=said.share,
            reason=BilingualText.of(said.reason),
        )
        for row, said in sorted(judged, key=lambda entry: (order.index(entry[1].use), entry[1].share or 0.0))
    ]


def _meaning(counts: dict[StoreUse, int], known: int, devices: int) -> Text:
    under, over, unknown = counts[StoreUse.UNDER], counts[StoreUse.OVER], counts[StoreUse.UNKNOWN]
    return Text(
        f"{under} av {known} kända är underutnyttjade och {over} överutnyttjade; om {unknown} av {devices} vet vi"
        " inget.",
        f"{under} of {known} known are under-used and {over} over-used; of {unknown} of the {devices} nothing is"
        " known.",
    )


def _placement(row: Row) -> Placement:
    return Placement(device_id=row["device_id"], held=row["held"], store=row["store"], placed_on=row["placed_on"])


def _refused(reason: Text) -> Problem:
    title = Text("Hjälpmedlet kan inte placeras så", "The device cannot be placed so")
    return Problem(HTTPStatus.CONFLICT, "placement_refused", title, reason)


_NOT_IN_STOCK: Final = Text(
    "Hjälpmedlet är inte i lager: det är uthyrt, rekonditioneras, eller är skrotat eller förkommet.",
    "The device is not in stock: it is on loan, being reconditioned, scrapped or lost.",
)
_IN_NONE: Final = Text("Hjälpmedlet ligger inte i något buffertförråd.", "The device lies in no buffer store.")
