"""Reads how sources are, names them, and begins and ends their outages."""

from http import HTTPStatus
from typing import Any, Final

from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_all, room
from diagnostics.schemas import BilingualText
from diagnostics.sources.schemas import NewSource, Outage, OutageAsked, OutageOver, Source, Sources
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.source_health import HEALTH_WORDS, SourceFacts, health_of
from fleet.text import Text

_SQL: Final = room(__file__)


async def list_sources(work: Work) -> Sources:
    """Every source, with the devices in the caller's scope."""
    rows = await _rows(work, None)
    await work.record("sources.read")
    return Sources(items=[_source(row, []) for row in rows])


async def show(work: Work, code: str) -> Source:
    """One source with its outages.

    Raises:
        Problem: no such source.
    """
    row = await _one(work, code)
    await work.record("source.read", source=code)
    return await _whole(work, row)


async def keep(work: Work, code: str, asked: NewSource) -> Source:
    """Adds a source, or names it anew."""
    await execute(work.connection, _SQL["keep"], {"code": code, "title": asked.title, "kind": asked.kind})
    await work.record("source.keep", source=code, title=asked.title, kind=asked.kind)
    return await _whole(work, await _one(work, code))


async def begin_outage(work: Work, code: str, asked: OutageAsked) -> Source:
    """Registers that a source stands still.

    Raises:
        Problem: no such source, or a day that has not come yet.
    """
    row = await _one(work, code)
    if asked.from_day > local_day(work.now):
        raise _refused(_NOT_YET)
    values = {"source_id": row["source_id"], "from_day": asked.from_day, "reason": asked.reason}
    await execute(work.connection, _SQL["begin_outage"], {**values, "by": work.caller.name, "now": work.now})
    await work.record("source.outage", source=code, from_day=asked.from_day, why=asked.reason)
    return await _whole(work, await _one(work, code))


async def end_outage(work: Work, code: str, asked: OutageOver) -> Source:
    """Registers that it works again.

    Raises:
        Problem: no such source, or it has no outage that is not over.
    """
    row = await _one(work, code)
    until = asked.until_day or local_day(work.now)
    if not await execute(work.connection, _SQL["end_outage"], {"source_id": row["source_id"], "until_day": until}):
        raise _refused(_NO_OUTAGE)
    await work.record("source.outage_over", source=code, until_day=until)
    return await _whole(work, await _one(work, code))


async def _rows(work: Work, code: str | None) -> list[Row]:
    parameters = {"code": code, "now": work.now, "today": local_day(work.now)}
    return await fetch_all(work.connection, _SQL["sources"], parameters)


async def _one(work: Work, code: str) -> Row:
    rows = await _rows(work, code)
    if not rows:
        raise not_found(Text("Källan", "The source"))
    return rows[0]


async def _whole(work: Work, row: Row) -> Source:
    outages = await fetch_all(work.connection, _SQL["outages"], {"source_id": row["source_id"]})
    return _source(row, [Outage(**outage) for outage in outages])


def _source(row: Row, outages: list[Outage]) -> Source:
    counts: dict[str, Any] = {name: row[name] for name in ("devices", "can_report", "heard", "ever_heard", "lost")}
    health, reason = health_of(SourceFacts(**counts, outage_since=row["outage_since"]))
    return Source(
        **{name: row[name] for name in ("code", "title", "kind", "devices", "can_report", "last_heard")},
        heard_last_day=row["heard"],
        health=health,
        health_words=BilingualText.of(HEALTH_WORDS[health]),
        reason=BilingualText.of(reason),
        outages=outages,
    )


def _refused(reason: Text) -> Problem:
    title = Text("Avbrottet går inte att registrera så", "The outage cannot be registered so")
    return Problem(HTTPStatus.CONFLICT, "outage_refused", title, reason)


_NOT_YET: Final = Text("Dagen har inte varit än.", "The day has not come yet.")
_NO_OUTAGE: Final = Text("Källan har inget avbrott som pågår.", "The source has no outage that goes on.")
