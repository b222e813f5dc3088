"""The watch's own voice: its own webhook and mail server, with nothing of the worker or the database in between."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from diagnostics.notify.channel import Channel
from diagnostics.notify.mail import Mail, Smtp
from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from diagnostics.notify.webhook import Webhook
from fjarrkoll.watch.judging import SAID, Trouble
from fleet.plumbing.logs import get_logger
from fleet.plumbing.settings import Settings

_log = get_logger(part="watch")


def own_channels(settings: Settings) -> list[tuple[Channel, str]]:
    """The watch's channels, each with the address it speaks to.

    Raises:
        ConfigurationError: settings contradict each other.
    """
    found: list[tuple[Channel, str]] = []
    if settings.watch_webhook_url is not None:
        secret = settings.need("watch_webhook_secret")
        found.append((Webhook(settings.watch_webhook_url, secret, allow_private=settings.watch_allow_private), ""))
    if settings.watch_smtp_host is not None:
        smtp = Smtp(
            host=settings.watch_smtp_host,
            port=settings.watch_smtp_port,
            sender=settings.watch_smtp_sender,
            security=settings.watch_smtp_security,
        )
        found.append((Mail(smtp), settings.need("watch_email")))
    return found


async def tell(
    channels: Sequence[tuple[Channel, str]], begun: Sequence[Trouble], over: Sequence[Trouble], now: datetime
) -> bool:
    """Tells the operator through every channel; whether at least one took it."""
    for trouble in begun:
        _log.error("The watch found trouble", event_name="watch_trouble", trouble=trouble, said=SAID[trouble].en)
    for trouble in over:
        _log.info("Trouble is over", event_name="watch_over", trouble=trouble)
    arrived = not channels
    for channel, address in channels:
        answer = await channel.send(_message(begun, over, now, address))
        if isinstance(answer, Failure):
            _log.error(
                "The watch was not heard", event_name="watch_unheard", channel=channel.name, reason=answer.reason
            )
        else:
            arrived = True
    return arrived


def _message(begun: Sequence[Trouble], over: Sequence[Trouble], now: datetime, address: str) -> Message:
    title = "Fjärrkoll: " + "; ".join(
        [*(SAID[trouble].sv for trouble in begun), *(f"åter: {SAID[t].sv}" for t in over)]
    )
    body = {"kind": "watch", "begun": list(begun), "over": list(over), "at": now.astimezone(UTC).isoformat()}
    words = [f"{trouble}-{'begun' if trouble in begun else 'over'}" for trouble in (*begun, *over)]
    key = f"watch-{int(now.timestamp())}-{'-'.join(words)}"[:200]
    return Message(key, json.dumps(body).encode(), title=title, text=f"{title}.", address=address)


async def ping(url: str, client: httpx.AsyncClient) -> None:
    """Tells a dead man's switch elsewhere that the watch itself lives; that it fails is that switch's business."""
    try:
        await client.get(url)
    except httpx.HTTPError as error:
        _log.warning(
            "The dead man's switch was not reached", event_name="watch_ping_failed", reason=type(error).__name__
        )
