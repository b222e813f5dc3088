"""Decides what the payer check shows."""

from typing import Final

from diagnostics.devices.schemas import PayerItem
from diagnostics.paging import cut, decode_cursor
from diagnostics.payers.schemas import CheckPage, CheckQuery, Disagreement
from diagnostics.queries import Row, fetch_all, room
from diagnostics.recall.schemas import PrescriberItem
from diagnostics.schemas import BilingualText
from diagnostics.work import Work

_SQL: Final = room(__file__)


async def list_disagreements(work: Work, query: CheckQuery) -> CheckPage:
    """A page of devices whose payer does not fit, with the denominators."""
    after = decode_cursor(query.cursor, tuple[int])
    parameters = {
        "device_class": query.device_class,
        "after": after[0] if after else None,
        "limit": query.limit + 1,
    }
    rows = await fetch_all(work.connection, _SQL["disagreements"], parameters)
    page, cursor = cut(rows, query.limit, lambda row: (row["device_no"],))
    counts = await _counts(work)
    await work.record("payers.check", devices=[row["device_no"] for row in page])
    return CheckPage(items=[_item(row) for row in page], next_cursor=cursor, **counts)


async def every_disagreement(work: Work, device_class: str | None, most: int) -> CheckPage:
    """All of them at once, for a file: `most` at most."""
    parameters = {"device_class": device_class, "after": None, "limit": most}
    rows = await fetch_all(work.connection, _SQL["disagreements"], parameters)
    counts = await _counts(work)
    asked = {"class": device_class} if device_class else {}
    await work.record("payers.export", devices=[row["device_no"] for row in rows], asked=asked)
    return CheckPage(items=[_item(row) for row in rows], next_cursor=None, **counts)


async def _counts(work: Work) -> Row:
    """Of how many loans; a region's are too many to be counted for each page."""
    [counted] = await fetch_all(work.connection, _SQL["checked"])
    if counted["counted_at"] is None:
        [counted] = await fetch_all(work.connection, _SQL["checked_now"])
    return counted


def _item(row: Row) -> Disagreement:
    return Disagreement(
        **{name: row[name] for name in Disagreement.model_fields if name in row},
        model=row["model_name"],
        payer=PayerItem(code=row["payer_code"], name=row["payer_name"]),
        prescriber=PrescriberItem(code=row["prescriber_code"], unit=row["prescriber_unit"]),
        prescriber_payer=PayerItem(code=row["prescriber_payer_code"], name=row["prescriber_payer_name"]),
        reason=_reason(row),
    )


def _reason(row: Row) -> BilingualText:
    pays, belongs = row["payer_name"], row["prescriber_payer_name"]
    if row["payer_code"] != row["prescriber_payer_code"]:
        return BilingualText(
            sv=f"{pays} betalar, men enheten hör till {belongs}: kontrollera baskoden.",
            en=f"{pays} pays, but the unit belongs to {belongs}: check the payer code.",
        )
    frame, unit_frame = row["legal_frame"], row["prescriber_frame"]
    return BilingualText(
        sv=f"Uthyrningen är under {frame}, men enheten förskriver under {unit_frame}.",
        en=f"The loan is under {frame}, but the unit prescribes under {unit_frame}.",
    )
