"""One step of every ladder that is due: asks `fleet.ladder`, and writes calls, messages and the next time together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from diagnostics.queries import Row, execute, fetch_all, room
from fleet.ladder import DEFAULT, INSTALLATION, Cause, Ladder, LadderError, Move, Person, Standing, set_back, walk
from fleet.ladder_document import read_ladder, read_windows
from fleet.plumbing.database import Connection
from fleet.plumbing.logs import get_logger

_SQL: Final = room(__file__)
PERSONAL: Final = frozenset({"email", "sms", "voice", "panel", "apprise"})
"""Channels that need a recipient's address; every other one is the installation's own."""
AT_ONCE: Final = 200
_log = get_logger(part="escalation")


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a call can reach at this moment.

    Attributes:
        people: what the ladder asks about each recipient.
        ways: recipient's code to its id and first channel.
        installation: the installation's own channels.
    """

    people: Mapping[str, Person]
    ways: Mapping[str, tuple[int, str]]
    installation: tuple[str, ...]

    def told(self, calls: Sequence[str]) -> tuple[list[str], list[int | None]]:
        """Channel and recipient of each message of a call; the installation's have no recipient."""
        pairs: list[tuple[str, int | None]] = []
        for code in calls:
            if code == INSTALLATION:
                pairs += [(channel, None) for channel in self.installation]
            else:
                recipient_id, channel = self.ways[code]
                pairs.append((channel, recipient_id))
        return [channel for channel, _ in pairs], [recipient for _, recipient in pairs]


def reach_of(rows: Sequence[Row], channels: Sequence[str], *, canary: bool) -> Reach:
    """Whom an alarm of a canary device, or of any other, may reach; the two never meet (issue 5, point 7)."""
    people = {
        row["code"]: Person(reachable=row["active"] and bool(row["channels"]), quiet=read_windows(row["quiet"]))
        for row in rows
        if row["canary"] is canary
    }
    ways = {row["code"]: (row["recipient_id"], row["channels"][0]) for row in rows if row["channels"]}
    installation = () if canary else tuple(name for name in channels if name not in PERSONAL)
    return Reach({**people, INSTALLATION: Person(reachable=bool(installation))}, ways, installation)


async def step(
    connection: Connection, channels: Sequence[str], now: datetime, alarm_ids: Sequence[int] | None = None
) -> int:
    """Moves every ladder that is due, or those of the alarms given; returns how many were moved.

    Args:
        connection: in a transaction of the worker's role.
        channels: names of the channels that are set up.
        now: by the database's clock.
        alarm_ids: None for every alarm.
    """
    parameters = {"now": now, "limit": AT_ONCE, "alarms": None if alarm_ids is None else list(alarm_ids)}
    due = await fetch_all(connection, _SQL["due"], parameters)
    if not due:
        return 0
    personal = [name for name in channels if name in PERSONAL]
    rows = await fetch_all(connection, _SQL["people"], {"channels": personal})
    reaches = {canary: reach_of(rows, channels, canary=canary) for canary in {row["canary"] for row in due}}
    for row in due:
        await _move(connection, row, reaches[row["canary"]], now)
    return len(due)


async def _move(connection: Connection, row: Row, reach: Reach, now: datetime) -> None:
    if row["due_at"] > now:
        move = set_back(row["position"], row["wait"], now)
    else:
        cause = Cause(safety=row["safety"], silenced_until=row["silenced_until"])
        move = walk(_ladder(row), Standing(position=row["position"], due=row["due_at"]), cause, reach.people, now)
    common: dict[str, Any] = {name: row[name] for name in ("alarm_id", "position", "calls", "due_at")}
    common |= {
        "now": now,
        "called": int(bool(move.calls)),
        "next_position": move.next_position,
        "next_at": move.next_at,
    }
    if await execute(connection, _SQL["moved"], common) and move.calls:
        await _call(connection, row, move, reach, now)


async def _call(connection: Connection, row: Row, move: Move, reach: Reach, now: datetime) -> None:
    call = {"alarm_id": row["alarm_id"], "call_no": row["calls"], "position": move.position, "due_at": row["due_at"]}
    more = {"now": now, "recipients": list(move.calls), "reason": move.why}
    await execute(connection, _SQL["call"], {**call, **more})
    told, recipients = reach.told(move.calls)
    tell = {"alarm_id": row["alarm_id"], "call_no": row["calls"], "channels": told, "recipients": recipients}
    await execute(connection, _SQL["tell"], tell)
    _log.info(
        "Called about an alarm",
        event_name="alarm_called",
        alarm_id=row["alarm_id"],
        position=move.position,
        recipients=list(move.calls),
        why=move.why,
        passed=list(move.passed),
        late_seconds=round((now - row["due_at"]).total_seconds(), 3),
    )


def _ladder(row: Row) -> Ladder:
    """The ladder as it was kept; one that cannot be read any more must not keep an alarm from being heard."""
    try:
        return read_ladder(row["document"])
    except LadderError:
        _log.exception("A ladder could not be read", event_name="ladder_unreadable", alarm_id=row["alarm_id"])
        return DEFAULT
