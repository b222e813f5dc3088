"""The canary: a dispenser of nobody's that jams every day, from its own broker account to its own recipient, timed."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString

import aiomqtt
import psycopg
from psycopg.rows import DictRow, dict_row

from fleet.clock import STOCKHOLM, to_milliseconds
from fleet.codec import encode
from fleet.errors import ConfigurationError
from fleet.messages import Occurrence
from fleet.plumbing.logs import get_logger
from fleet.plumbing.settings import Settings
from fleet.topics import Verb, topic

ARRIVES_WITHIN: Final = timedelta(minutes=5)
_LOOK_SECONDS: Final = 0.5
_JAM: Final = {
    "system": "dispenser-gateway",
    "code": "JAM",
    "module": "canary",
}  # MED-MEC-01 of the dispenser's profile
_BEGIN: Final = """
    INSERT INTO canary_run (device_no, jammed_at)
    SELECT device_no, clock_timestamp() FROM canary_device JOIN device USING (device_no) WHERE device_id = %s
    RETURNING canary_run_id, jammed_at
"""
_FOLLOW: Final = """
    UPDATE canary_run c
       SET raised_at = f.raised_at, sent_at = f.sent_at, delivered_at = f.delivered_at,
           outcome = CASE WHEN f.arrived THEN 'arrived' ELSE c.outcome END
      FROM (SELECT a.device_no, min(a.raised_at) AS raised_at, min(n.first_sent_at) AS sent_at,
                   min(n.delivered_at) AS delivered_at,
                   coalesce(bool_or(n.delivered_at IS NOT NULL OR n.state = 'sent' AND n.receipt_due_at IS NULL), false)
                       AS arrived
              FROM alarm a LEFT JOIN notification n ON n.alarm_id = a.alarm_id AND n.kind = 'raised'
             WHERE a.device_no = (SELECT device_no FROM canary_run WHERE canary_run_id = %(run)s)
               AND a.raised_at >= (SELECT jammed_at FROM canary_run WHERE canary_run_id = %(run)s)
             GROUP BY a.device_no) f
     WHERE c.canary_run_id = %(run)s
    RETURNING c.outcome
"""
_END: Final = """
    UPDATE canary_run
       SET cleared_at = clock_timestamp(), outcome = CASE WHEN outcome = 'running' THEN 'lost' ELSE outcome END
     WHERE canary_run_id = %s RETURNING jammed_at, raised_at, sent_at, delivered_at, outcome
"""
_log = get_logger(part="canary")


@dataclass(frozen=True, slots=True)
class Journey:
    """How long one canary's alarm took, in seconds from the jam; None where it did not get so far."""

    to_raised: float | None
    to_sent: float | None
    to_delivered: float | None
    arrived: bool


def is_due(now: datetime, hour: int, last: datetime | None) -> bool:
    """Whether today's canary has not flown yet and its hour has come, by the clock on the wall in Sweden."""
    local = now.astimezone(STOCKHOLM)
    return local.hour >= hour and (last is None or last.astimezone(STOCKHOLM).date() < local.date())


async def last_flight(settings: Settings) -> datetime | None:
    """When the canary last jammed; None where it never has."""
    async with await _connect(settings) as connection:
        row = await _one(connection, "SELECT max(jammed_at) AS at FROM canary_run", [])
    return row["at"] if row else None


async def fly(settings: Settings, within: timedelta = ARRIVES_WITHIN) -> Journey:
    """Lets the canary jam and waits for its alarm to arrive; mends it afterwards, whatever happened.

    Raises:
        ConfigurationError: the canary's account is not set, or the device is not marked as a canary.
    """
    device_id = settings.need("canary_device_id")
    settings.need("canary_password")
    async with await _connect(settings) as connection:
        run = await _one(connection, _BEGIN, [device_id])
        if run is None:
            raise ConfigurationError("FJARRKOLL_CANARY_DEVICE_ID is no canary yet: run `fjarrkoll watch adopt`")
        try:
            await _say(settings, "fault_raised", run["jammed_at"], 1, run["jammed_at"])
            await _follow(connection, run["canary_run_id"], within)
        except (OSError, aiomqtt.MqttError) as error:
            _log.error("The canary cannot speak", event_name="canary_mute", reason=type(error).__name__)
        finally:
            journey = await _ended(connection, run["canary_run_id"])
            await _mended(settings, run["jammed_at"])
    return journey


async def _follow(connection: psycopg.AsyncConnection[DictRow], run: int, within: timedelta) -> None:
    for _ in range(int(within / timedelta(seconds=_LOOK_SECONDS))):
        row = await _one(connection, _FOLLOW, {"run": run})
        if row is not None and row["outcome"] == "arrived":
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _ended(connection: psycopg.AsyncConnection[DictRow], run: int) -> Journey:
    row = await _one(connection, _END, [run]) or {}

    def seconds(name: str) -> float | None:
        return None if row.get(name) is None else round((row[name] - row["jammed_at"]).total_seconds(), 3)

    journey = Journey(
        seconds("raised_at"), seconds("sent_at"), seconds("delivered_at"), row.get("outcome") == "arrived"
    )
    _log.info("The canary has landed", event_name="canary_landed", arrived=journey.arrived, to_sent=journey.to_sent)
    return journey


async def _mended(settings: Settings, jammed_at: datetime) -> None:
    try:
        await _say(settings, "fault_cleared", jammed_at, 2, datetime.now(UTC))
    except (OSError, aiomqtt.MqttError) as error:
        _log.warning("The canary could not be mended", event_name="canary_jammed", reason=type(error).__name__)


async def _say(settings: Settings, event: str, jammed_at: datetime, seq: int, at: datetime) -> None:
    """Speaks as any device does: the boot is the jam's own second, so that no message is ever taken for another."""
    device_id = settings.need("canary_device_id")
    boot = int(jammed_at.timestamp()) - 1_700_000_000
    tls = None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=str(settings.mqtt_tls_ca))
    client = aiomqtt.Client(
        settings.mqtt_host,
        settings.mqtt_port,
        username=device_id,
        password=settings.need("canary_password"),
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls,
        timeout=10,
    )
    message = Occurrence(ts=to_milliseconds(at), boot=boot, seq=seq, event=event, data=dict(_JAM))
    async with client:
        await client.publish(topic(device_id, Verb.EVENT), encode(message), qos=1)


async def _connect(settings: Settings) -> psycopg.AsyncConnection[DictRow]:
    return await psycopg.AsyncConnection.connect(
        settings.need("worker_database_url"), autocommit=True, row_factory=dict_row, connect_timeout=5
    )


async def _one(
    connection: psycopg.AsyncConnection[DictRow],
    query: LiteralString,
    values: Any,  # noqa: ANN401 - SQL parameters
) -> DictRow | None:
    return await (await connection.execute(query, values)).fetchone()
