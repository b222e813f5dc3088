"""Time as this project uses it: aware instants, Swedish local days, and when a device clock is believed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")

# reliability.md D16: outside this window a device clock is not believed; the reading gets the time it was received.
OLDEST_BELIEVED = timedelta(days=400)
FARTHEST_AHEAD = timedelta(minutes=10)


def aware(moment: datetime) -> datetime:
    """`moment` itself, refused when it has no time zone.

    Raises:
        ValueError: `moment` is naive; a naive time would mean a different instant on every machine.
    """
    if moment.tzinfo is None:
        msg = f"naive datetime {moment.isoformat()}: give it a time zone"
        raise ValueError(msg)
    return moment


def from_milliseconds(milliseconds: int) -> datetime:
    """The UTC instant of `milliseconds` since 1970. The caller checks `believed` first: years above 9999 do not fit."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)


def to_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware instant."""
    return (aware(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def believed(device_milliseconds: int, received_at: datetime) -> bool:
    """Whether a device clock's reading is plausible, judged against the server clock at reception."""
    received = to_milliseconds(received_at)
    oldest = received - OLDEST_BELIEVED // timedelta(milliseconds=1)
    newest = received + FARTHEST_AHEAD // timedelta(milliseconds=1)
    return oldest <= device_milliseconds <= newest


def local_day(moment: datetime, starts_at_hour: int = 0) -> date:
    """The Swedish local day an instant belongs to.

    Args:
        moment: an aware instant.
        starts_at_hour: local hour at which the day begins: 0 for most, 12 for therapy nights, which run from noon to
            noon and carry the date on which they begin (domain.md 3.1).
    """
    local = aware(moment).astimezone(STOCKHOLM)
    return local.date() if local.hour >= starts_at_hour else local.date() - timedelta(days=1)
