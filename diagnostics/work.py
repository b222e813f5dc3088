"""One request's piece of work: a transaction that sees what the caller may see, and exactly one line in the audit."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from psycopg.sql import SQL

from diagnostics.queries import execute
from diagnostics.resources import Resources
from diagnostics.security import Caller
from fleet.plumbing.database import Connection
from fleet.plumbing.store.scope import scoped, scoped_in_few_messages
from fleet.registry import Registry

_RECORD: Final = SQL(
    "INSERT INTO audit (actor, role, care_unit, action, device_no, detail)"
    " VALUES (%(actor)s, %(role)s, %(care_unit)s, %(action)s, %(device_no)s, %(detail)s)"
)


class AuditMissingError(RuntimeError):
    """An endpoint gave out personal data without exactly one line in the audit; the answer is withheld."""


@dataclass(slots=True)
class Work:
    """What an endpoint works with.

    Attributes:
        connection: inside a transaction with the caller's scope; committed before the answer leaves.
        now: the moment of the request.
    """

    connection: Connection
    caller: Caller
    registry: Registry
    now: datetime
    records: int = field(default=0)

    async def record(self, action: str, device_no: int | None = None, **detail: Any) -> None:  # noqa: ANN401 - JSON
        """Writes who did what with whose device (HSLF-FS 2016:40 ch. 4 s. 9). A failure to write fails the request.

        Args:
            action: stable dotted word, such as `device.read`.
            device_no: the one device concerned; for a list, `devices` in the detail names them.
            detail: what else a later reader must know, such as the metric.
        """
        self.records += 1
        await execute(
            self.connection,
            _RECORD,
            {
                "actor": self.caller.name,
                "role": self.caller.role,
                "care_unit": self.caller.care_unit,
                "action": action,
                "device_no": device_no,
                "detail": json.dumps(detail, default=str),
            },
        )


class Door:
    """Opens work for a caller."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    @asynccontextmanager
    async def open(self, caller: Caller, *, in_few_messages: bool = False) -> AsyncIterator[Work]:
        """A transaction for one request; it is committed only when the audit has exactly one new line.

        Args:
            caller: whose scope it sees.
            in_few_messages: for work of single keys that somebody waits for. What its last statements break is raised
                by the end of the block, and nothing is committed then either.

        Raises:
            AuditMissingError: the endpoint forgot its line or wrote two.
        """
        opened = scoped_in_few_messages if in_few_messages else scoped
        async with opened(self.resources.pool, caller.scope) as connection:
            work = Work(connection, caller, self.resources.registry, self.resources.clock())
            yield work
            if work.records != 1:
                raise AuditMissingError(f"{work.records} audit lines written by one request")


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Entrance = Annotated[Door, Depends(_door)]
