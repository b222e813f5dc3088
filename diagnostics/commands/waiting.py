"""Asking a device and waiting for its answer: the stored row is the truth, a notification only shortens the wait."""

import time
from typing import Final
from uuid import UUID, uuid4

from diagnostics.commands import refusals, repository, service
from diagnostics.commands.schemas import CommandRequest
from diagnostics.queries import Row
from diagnostics.resources import Resources
from diagnostics.security import Caller
from diagnostics.wakeups import wait_for
from diagnostics.work import Door

_LOOK_SECONDS: Final = 0.5
"""How often the row is looked at when no notification comes."""


async def ask(  # noqa: PLR0913, PLR0917 - as of `service.ask`, for whom, through which door
    door: Door, caller: Caller, device_id: str, wish: CommandRequest, key: str, command_id: UUID | None = None
) -> tuple[UUID, bool]:
    """As `service.ask`, committed.

    Raises:
        Problem: as of `service.ask`.
    """
    with refusals.once_for_a_key():
        async with door.open(caller, in_few_messages=True) as work:
            return await service.ask(work, device_id, wish, key, command_id)


async def ask_and_wait(  # noqa: PLR0913, PLR0917 - as of `ask`, and for how long
    door: Door, caller: Caller, device_id: str, wish: CommandRequest, key: str, seconds: float
) -> tuple[UUID, bool, Row | None]:
    """Queues a command unless that was done before with the same key, and waits for the answer.

    Returns:
        Which command, whether it is new, and its row as of `until_over`.

    Raises:
        Problem: as of `service.ask`.
    """
    resources, ends, fresh = door.resources, time.monotonic() + seconds, uuid4()
    async with resources.wakeups.expecting(repository.REPLY_CHANNEL, str(fresh)) as moved:
        command_id, new = await ask(door, caller, device_id, wish, key, fresh)
        if new:  # until something is said of it there is nothing to be seen
            await wait_for(moved, min(ends - time.monotonic(), _LOOK_SECONDS))
    return command_id, new, await until_over(resources, caller, command_id, ends - time.monotonic())


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
