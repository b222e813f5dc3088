"""Server-sent events for open pages: a word whenever what a page shows has changed, and a sign of life in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import psycopg
import psycopg_pool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from diagnostics.console.accounts import find_session
from diagnostics.console.pages import SESSION_COOKIE, resources_of

LOOK_SECONDS: Final = 0.5
"""How often an open page is looked after; a change is on the screen within a second."""
LONGEST_SECONDS: Final = 300.0
"""A stream ends after this long and the browser asks again, so that an ended session is noticed."""

Mark = Callable[[], Awaitable[tuple[str, bool]]]
"""A digest of what the page shows, which tells nothing of it, and whether it will never change again."""


def follow(request: Request, mark: Mark) -> StreamingResponse:
    """A stream of the page's changes for as long as its session lives."""
    return StreamingResponse(
        _changes(request, mark),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _changes(request: Request, mark: Mark) -> AsyncIterator[str]:
    """Ends when the database does not answer or the session is over: the page then says that it is stale."""
    pool, secret, before = resources_of(request).pool, request.cookies.get(SESSION_COOKIE), ""
    yield "retry: 1000\n\n"
    for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
        try:
            now, over = await mark()
            if now != before and await find_session(pool, secret) is None:
                return
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            return
        word = "over" if over else "alive" if now == before else "changed"
        yield f"event: {word}\nid: {now}\ndata: {now}\n\n"
        if over:
            return
        before = now
        await asyncio.sleep(LOOK_SECONDS)
