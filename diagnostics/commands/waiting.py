"""Waiting for a device's answer: the stored row is the truth, the database's notification only shortens the wait."""

import time
from typing import Final
from uuid import UUID

from diagnostics.commands import repository, service
from diagnostics.queries import Row
from diagnostics.resources import Resources
from diagnostics.security import Caller
from diagnostics.wakeups import wait_for

_LOOK_SECONDS: Final = 0.5
"""How often the row is looked at when no notification comes."""


async def until_over(resources: Resources, caller: Caller, command_id: UUID, seconds: float) -> Row | None:
    """The command's row once nothing more will happen to it, or as it is after `seconds`.

    The request's audit line is written when the command is asked for; looking again within the same request adds none.
    """
    deadline = time.monotonic() + seconds
    async with resources.wakeups.expecting(repository.REPLY_CHANNEL, str(command_id)) as answered:
        while True:
            row = await repository.glance(resources.pool, caller.scope, command_id)
            left = deadline - time.monotonic()
            if row is None or service.is_over(row) or left <= 0:
                return row
            await wait_for(answered, min(left, _LOOK_SECONDS))
