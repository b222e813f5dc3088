"""Alarms that ring: each is put on its ladder in the transaction that makes it ring.

Nothing is done here for one that is taken or over: the trigger `alarm_settled` ends its ladder and tells those who were
told, whoever writes the row.
"""

from collections.abc import Sequence
from datetime import datetime

from diagnostics.escalation.start import begin
from fleet.plumbing.database import Connection


async def began(connection: Connection, alarm_ids: Sequence[int], channels: Sequence[str], now: datetime) -> None:
    """Alarms that ring now: raised, no longer told through another, or given back by who had taken them."""
    await begin(connection, alarm_ids, now, channels)
