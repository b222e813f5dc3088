"""The webhook against a receiver that fails, lies, redirects and is slow; and where it refuses to go."""

import asyncio
import json
import time
from datetime import UTC, datetime

import pytest

from diagnostics.notify.message import Subject, compose
from diagnostics.notify.signature import HEADER, verify
from diagnostics.notify.webhook import Webhook
from fleet.errors import ConfigurationError
from tests.integration.diagnostics.receiver import answer, receiving

SECRET = "the-secret-both-sides-know"
MOMENT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SUBJECT = Subject(
    alarm_id=7,
    device_id="d-k7x2m4qpza",
    device_class="dispenser",
    rule="jam",
    severity="critical",
    safety=True,
    happened_at=MOMENT,
    raised_at=MOMENT,
    cleared_at=None,
)
MESSAGE = compose(SUBJECT, "raised", "http://127.0.0.1:8080/")


def webhook(url: str, **more: object) -> Webhook:
    return Webhook(url, SECRET, allow_private=True, **more)  # type: ignore[arg-type]


async def test_a_taken_message_is_signed_and_carries_its_key() -> None:
    async with receiving() as receiver:
        channel = webhook(receiver.url)
        assert await channel.send(MESSAGE) is None
        await channel.close()
    [request] = receiver.got
    signature = request.headers[HEADER.lower()]
    assert verify(SECRET, signature, request.body, int(time.time()))
    assert not verify("another-secret-entirely", signature, request.body, int(time.time()))
    assert request.headers["idempotency-key"] == "alarm-7-raised"
    assert json.loads(request.body)["url"] == "http://127.0.0.1:8080/api/v1/alarms/7"


async def test_a_wrong_secret_gives_another_signature() -> None:
    async with receiving() as receiver:
        channel = Webhook(receiver.url, "not-the-shared-secret", allow_private=True)
        await channel.send(MESSAGE)
        await channel.close()
    [request] = receiver.got
    assert not verify(SECRET, request.headers[HEADER.lower()], request.body, int(time.time()))


def test_the_body_names_nobody() -> None:
    body = json.loads(MESSAGE.body)
    told = "kind call alarm_id device_id device_class rule severity safety happened_at raised_at cleared_at url"
    assert set(body) == set(told.split())


@pytest.mark.parametrize(
    ("said", "reason", "status"),
    [
        (answer(500), "answered 500", 500),
        (answer(404), "answered 404", 404),
        (answer(302, "Location: http://169.254.169.254/"), "redirect", 302),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nlies",
            None,
            None,
        ),  # taken is taken, the rest is not read
        (b"what is this\r\n\r\n", "could not be reached", None),
        (b"", "could not be reached", None),
    ],
)
async def test_what_a_receiver_may_do(said: bytes, reason: str | None, status: int | None) -> None:
    async with receiving(lambda _: said) as receiver:
        channel = webhook(receiver.url)
        failure = await channel.send(MESSAGE)
        await channel.close()
    assert len(receiver.got) == 1
    if reason is None:
        assert failure is None
    else:
        assert failure is not None
        assert reason in failure.reason
        assert failure.status == status
        assert SECRET not in failure.reason
        assert str(receiver.port) not in failure.reason


async def test_a_receiver_that_hangs_costs_the_time_limit_and_no_more() -> None:
    async with receiving(lambda _: None) as receiver:
        channel = webhook(receiver.url, timeout_seconds=0.3)
        began = time.monotonic()
        failure = await channel.send(MESSAGE)
        await channel.close()
    assert time.monotonic() - began < 10, "it would hang for ever"
    assert failure is not None
    assert "no answer" in failure.reason


async def test_a_wish_to_be_left_alone_is_heard() -> None:
    async with receiving(lambda _: answer(429, "Retry-After: 7")) as receiver:
        channel = webhook(receiver.url)
        failure = await channel.send(MESSAGE)
        await channel.close()
    assert failure is not None
    assert failure.retry_after is not None
    assert failure.retry_after.total_seconds() == 7


async def test_nobody_listens() -> None:
    async with receiving() as receiver:
        url = receiver.url
    channel = webhook(url)
    failure = await channel.send(MESSAGE)
    await channel.close()
    assert failure is not None
    assert "could not be reached" in failure.reason


async def test_a_name_that_leads_inside_is_not_followed_and_is_resolved_once() -> None:
    """DNS rebinding: the first answer decides, and a second one is never asked for."""
    async with receiving() as receiver:
        asked: list[str] = []

        async def resolve(host: str, _: int) -> list[str]:
            await asyncio.sleep(0)
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

        inside = Webhook(f"https://hook.example:{receiver.port}/", SECRET, resolve=resolve)
        failure = await inside.send(MESSAGE)
        await inside.close()
        assert failure is not None
        assert "inside" in failure.reason
        assert receiver.got == []

        asked.clear()
        pinned = Webhook(f"http://hook.example:{receiver.port}/", SECRET, allow_private=True, resolve=resolve)
        assert await pinned.send(MESSAGE) is None
        second = await pinned.send(MESSAGE)
        await pinned.close()
    assert asked == ["hook.example", "hook.example"]
    assert len(receiver.got) == 1
    assert receiver.got[0].headers["host"] == f"hook.example:{receiver.port}"
    assert second is not None
    assert "inside" in second.reason


def test_a_short_secret_or_plain_http_is_refused_at_start() -> None:
    with pytest.raises(ConfigurationError, match="16"):
        Webhook("https://example.org/", "short")
    with pytest.raises(ConfigurationError, match="https"):
        Webhook("http://example.org/", SECRET)
