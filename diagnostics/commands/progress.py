"""A command's changes as server-sent events, for whoever may still see it."""

import time
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from fastapi.sse import format_sse_event

from diagnostics.commands import repository, service
from diagnostics.resources import Resources
from diagnostics.security import find_caller
from diagnostics.wakeups import wait_for
from fleet.plumbing.store.scope import scoped

_LOOK_SECONDS: Final = 1.0
_ALIVE_SECONDS: Final = 15.0


async def progress(
    resources: Resources, authorization: str | None, command_id: UUID, seconds: float
) -> AsyncIterator[bytes]:
    """Events as bytes: `state` at every change, `end` with the last one, a comment now and then to keep the line open.

    The token is looked up again at every look, so that a revoked one, or one that has lost the device, gets no more.
    The request's audit line is written where the stream begins.
    """
    ends, told, spoke = time.monotonic() + seconds, "", time.monotonic()
    async with resources.wakeups.expecting(repository.REPLY_CHANNEL, str(command_id)) as changed:
        while (caller := await find_caller(resources.pool, authorization)) is not None:
            async with scoped(resources.pool, caller.scope) as connection:
                row = await repository.one(connection, command_id)
            if row is None:
                return
            over = service.is_over(row)
            item = service.command_item(resources.registry, caller, row, resources.clock())
            if (now := item.model_dump_json(exclude={"online"})) != told:
                told, spoke = now, time.monotonic()
                yield format_sse_event(data_str=item.model_dump_json(), event="end" if over else "state")
            left = ends - time.monotonic()
            if over or left <= 0:
                return
            if time.monotonic() - spoke > _ALIVE_SECONDS:
                spoke = time.monotonic()
                yield format_sse_event(comment="still waiting")
            await wait_for(changed, min(left, _LOOK_SECONDS))
