"""Whether the API lives and is ready, and its figures for Prometheus."""

from typing import Any, Final, Literal

import psycopg
import psycopg_pool
from fastapi import APIRouter, Response, status
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg.sql import SQL

from diagnostics.queries import fetch_one
from diagnostics.schemas import Answer, shown
from diagnostics.security import MetricsReader
from diagnostics.work import Entrance
from fleet.plumbing.database import Pool

router = APIRouter(tags=["operation"])
_LOOK: Final = SQL("SELECT count(*) AS classes FROM device_class")
_WAIT_SECONDS: Final = 2.0


class Health(Answer):
    """The process runs."""

    model_config = shown({"status": "alive"})

    status: Literal["alive"] = "alive"


class Readiness(Answer):
    """Whether requests can be served."""

    model_config = shown({"ready": True, "database": True, "migrated": True, "wakeups": True})

    ready: bool
    database: bool
    migrated: bool
    wakeups: bool


_READINESS: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Readiness, "description": "Not ready; the answer says which part"}
}


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answers as long as the process runs; looks at nothing else, so that a dead database does not restart the API."""
    return Health()


@router.get("/readyz", summary="Can requests be served?", responses=_READINESS)
async def readyz(door: Entrance, response: Response) -> Readiness:
    """Looks at the database; wake-ups missing only makes waiting for a device slower, and does not count."""
    database, migrated = await _look(door.resources.pool)
    ready = database and migrated
    if not ready:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wakeups = door.resources.wakeups.listening.is_set()
    return Readiness(ready=ready, database=database, migrated=migrated, wakeups=wakeups)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(caller: MetricsReader, door: Entrance) -> Response:
    """Text format; for administrators, since figures of use are nobody else's business."""
    del caller
    return Response(generate_latest(door.resources.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _look(pool: Pool) -> tuple[bool, bool]:
    try:
        async with pool.connection(timeout=_WAIT_SECONDS) as connection:
            row = await fetch_one(connection, _LOOK)
    except psycopg.errors.UndefinedTable:
        return True, False
    except (psycopg.Error, psycopg_pool.PoolTimeout):
        return False, False
    return True, bool(row and row["classes"])
