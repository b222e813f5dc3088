"""E-mail over a real SMTP server, a provider's gateway that fails and lies, panels over a real broker, apprise."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import aiomqtt
import pytest
from pydantic import SecretStr

from diagnostics.notify.apprise_channel import Apprise
from diagnostics.notify.channel import Accepted
from diagnostics.notify.channels import make_channels
from diagnostics.notify.gateway import Gateway
from diagnostics.notify.gateway_form import read_form
from diagnostics.notify.mail import Mail, Smtp
from diagnostics.notify.message import Message, Receiver, compose
from diagnostics.notify.panel import Panel
from diagnostics.notify.retry import Failure
from fjarrkoll.services import Mosquitto
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import Settings
from fleet.signals import Audience
from tests.integration.diagnostics.mail_server import Mailbox, mail_server
from tests.integration.diagnostics.receiver import answer, receiving
from tests.integration.diagnostics.test_webhook import SUBJECT

LINK = "https://alarm.example.org/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
SECRET = "the-providers-key"
FORM = {
    "url": "",
    "fields": {"recipient.number": "{to}", "message": "{text}", "ref": "{key}", "report": "{callback}"},
    "headers": {"Authorization": "Bearer {secret}"},
    "reference": "messages.0.id",
    "accepted_path": "status",
    "accepted": ["queued"],
    "receipts": {"within_seconds": 30, "poll_path": "/messages/{reference}"},
}


def message(address: str) -> Message:
    receiver = Receiver(recipient_id=3, audiences=frozenset({Audience.TECHNICAL}), address=address, link=LINK)
    return compose(SUBJECT, "raised", "http://api", 0, receiver)


def said(document: object) -> bytes:
    body = json.dumps(document).encode()
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def mail(port: int, **more: float) -> Mail:
    return Mail(Smtp(host="127.0.0.1", port=port, sender="alarm@example.org", security="none"), **more)


async def test_an_e_mail_arrives_with_its_key_as_its_identity() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert await mail(port).send(message("night-patrol@example.org")) is None
    [got] = mailbox.got
    assert got["Message-ID"] == "<alarm-7-raised-r3@fjarrkoll.invalid>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert mailbox.to == [["night-patrol@example.org"]]
    text = got.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert LINK in text.decode()
    assert SUBJECT.device_id not in text.decode()


@pytest.mark.parametrize("answered", ["451 try later", "554 no"])
async def test_a_mail_server_that_refuses_is_a_failure_without_the_address(answered: str) -> None:
    with mail_server(Mailbox(answers=[answered])) as port:
        failure = await mail(port).send(message("night-patrol@example.org"))
    assert isinstance(failure, Failure)
    assert answered[:3] in failure.reason
    assert "night-patrol" not in failure.reason


async def test_a_mail_server_that_hangs_costs_the_time_limit_and_no_more() -> None:
    with mail_server(Mailbox(slow_seconds=3.0)) as port:
        began = time.monotonic()
        failure = await mail(port, timeout_seconds=0.3).send(message("night-patrol@example.org"))
        assert time.monotonic() - began < 2.5
    assert isinstance(failure, Failure)


async def test_nobody_listens_for_mail() -> None:
    with mail_server(Mailbox()) as port:
        pass
    assert isinstance(await mail(port).send(message("night-patrol@example.org")), Failure)


@pytest.mark.parametrize(
    "address", ["a@example.org\r\nBcc: everyone@example.org", "a@example.org, b@example.org", "nobody", "<x@y>;z@y"]
)
async def test_an_address_cannot_become_a_header_or_a_second_receiver(address: str) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        failure = await mail(port).send(message(address))
    assert isinstance(failure, Failure)
    assert mailbox.got == []


def test_mail_leaves_this_machine_encrypted_or_not_at_all() -> None:
    with pytest.raises(ConfigurationError, match="starttls"):
        Smtp(host="mail.example.org", port=25, sender="x@example.org", security="none")


async def test_a_gateway_gets_what_its_form_says_and_gives_its_reference() -> None:
    async with receiving(lambda _: said({"status": "queued", "messages": [{"id": "prov-1"}]})) as provider:
        form = read_form({**FORM, "url": provider.url}, "sms")
        channel = Gateway("sms", form, SECRET, callback="https://us.example.org/receipt", allow_private=True)
        assert await channel.send(message("+46700000001")) == Accepted("prov-1")
        assert channel.receipts_within == timedelta(seconds=30)
        await channel.close()
    [request] = provider.got
    body = json.loads(request.body)
    assert body["recipient"] == {"number": "+46700000001"}
    assert LINK in body["message"]
    assert body["report"] == "https://us.example.org/receipt"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.headers["idempotency-key"] == "alarm-7-raised-r3"


async def test_a_form_encoded_gateway_cannot_be_given_another_field_by_a_text() -> None:
    async with receiving(lambda _: said({"ok": True})) as provider:
        form = read_form({"url": provider.url, "encoding": "form", "fields": {"to": "{to}", "text": "{text}"}}, "sms")
        channel = Gateway("sms", form, SECRET, allow_private=True)
        taken = await channel.send(replace(message("+4670&to=+4680"), text="{secret} & to=x"))
        await channel.close()
    assert taken == Accepted("alarm-7-raised-r3")
    assert parse_qs(provider.got[0].body.decode()) == {"to": ["+4670&to=+4680"], "text": ["{secret} & to=x"]}


@pytest.mark.parametrize(
    "lie",
    [
        said({"status": "rejected", "messages": [{"id": "prov-1"}]}),
        said({"status": "queued"}),
        said([]),
        said("queued"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<xml>",
        answer(500),
        answer(302, "Location: http://169.254.169.254/"),
        b"",
    ],
)
async def test_a_gateway_that_lies_or_fails_is_a_failure(lie: bytes) -> None:
    async with receiving(lambda _: lie) as provider:
        channel = Gateway("sms", read_form({**FORM, "url": provider.url}, "sms"), SECRET, allow_private=True)
        failure = await channel.send(message("+46700000001"))
        await channel.close()
    assert isinstance(failure, Failure)
    assert SECRET not in failure.reason
    assert "+467" not in failure.reason


@pytest.mark.parametrize(("status", "arrived"), [("delivered", True), ("FAILED", False), ("underway", None)])
async def test_a_provider_that_does_not_call_is_asked(status: str, arrived: bool | None) -> None:
    async with receiving(lambda _: said({"id": "prov-1", "status": status})) as provider:
        channel = Gateway("sms", read_form({**FORM, "url": provider.url}, "sms"), SECRET, allow_private=True)
        receipt = await channel.ask("prov-1")
        assert await channel.ask("another") is None  # an answer about some other message is none
        await channel.close()
    assert receipt is not None
    assert receipt.arrived is arrived
    assert provider.got[0].path == "/messages/prov-1"


async def test_a_gateway_inside_is_refused_where_the_setting_does_not_allow_it() -> None:
    async with receiving() as provider:
        form = read_form({**FORM, "url": f"https://localhost:{provider.port}/"}, "sms")
        channel = Gateway("sms", form, SECRET)
        failure = await channel.send(message("+46700000001"))
        await channel.close()
    assert isinstance(failure, Failure)
    assert "inside" in failure.reason
    assert provider.got == []


@pytest.mark.parametrize(
    "change", [{"fields": {"to": "{number}"}}, {"fields": {"to": "{"}}, {"shape": 1}, {"encoding": "xml"}]
)
def test_a_form_that_is_wrong_is_refused_at_start(change: Mapping[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="gateway sms"):
        read_form({**FORM, "url": "https://example.org/", **change}, "sms")


def test_what_is_not_set_up_is_not_there(tmp_path: Path) -> None:
    assert make_channels(Settings(_env_file=None)) == {}
    gateways = tmp_path / "gateways.toml"
    gateways.write_text('[sms]\nurl = "https://sms.example.org/send"\nfields = { to = "{to}", text = "{text}" }\n')
    settings = Settings(
        _env_file=None,
        smtp_host="localhost",
        smtp_security="none",
        gateways_file=gateways,
        sms_secret=SecretStr(SECRET),
        panels=True,
        apprise=True,
    )
    assert sorted(make_channels(settings)) == ["apprise", "email", "panel", "sms"]


async def test_an_alarm_stands_on_its_panel_until_it_has_ended(
    broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    broker.add_credentials({"ward-3": "panel-password", "ward-4": "panel-password"})
    settings = Settings(
        _env_file=None,
        mqtt_host=broker.host,
        mqtt_port=broker.port,
        mqtt_username="diagnostics",
        mqtt_password=SecretStr(broker_credentials["diagnostics"]),
    )
    panel = Panel(settings)
    assert await panel.send(message("ward-3")) is None
    assert await _shown(broker, "ward-3") == [True]  # retained: found by a panel that was away
    assert await _shown(broker, "ward-4", "fk/panel/ward-3/#") == []  # another panel hears nothing of it
    over = replace(message("ward-3"), key="alarm-7-cleared-r3", kind="cleared")
    assert await panel.send(over) is None
    assert await _shown(broker, "ward-3") == []
    assert isinstance(await panel.send(message("ward/3/#")), Failure)


async def _shown(broker: Mosquitto, panel: str, topics: str | None = None) -> list[bool]:
    """What a panel finds when it connects: whether each message is a retained one."""
    found: list[bool] = []
    client = aiomqtt.Client(
        broker.host, broker.port, username=panel, password="panel-password", protocol=aiomqtt.ProtocolVersion.V5
    )
    async with client:
        await client.subscribe(topics or f"fk/panel/{panel}/+", qos=1)
        try:
            async with asyncio.timeout(0.5):
                async for got in client.messages:
                    found.append(got.retain)  # noqa: PERF401 - what came before the time was over counts
        except TimeoutError:
            pass
    return found


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning", "ignore:'crypt':DeprecationWarning")
async def test_apprise_hands_the_text_to_where_the_address_says() -> None:
    async with receiving(lambda _: answer(200)) as receiver:
        channel = Apprise()
        assert await channel.send(message(f"json://127.0.0.1:{receiver.port}/")) is None
        assert isinstance(await channel.send(message("no such thing")), Failure)
    assert LINK in receiver.got[0].body.decode()
