"""A jammed dispenser that puts harm into every text it may send: what leaves by any channel holds none of it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiomqtt
import psycopg
import pytest
from pydantic import SecretStr

from diagnostics.notify.apprise_channel import Apprise
from diagnostics.notify.channel import Channel
from diagnostics.notify.gateway import Gateway
from diagnostics.notify.gateway_form import read_form
from diagnostics.notify.mail import Mail, Smtp
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.panel import Panel
from diagnostics.notify.webhook import Webhook
from fjarrkoll.services import Mosquitto
from fleet.plumbing.database import Pool, database_pool
from fleet.plumbing.settings import Settings
from fleet.topics import Verb
from tests.fixtures.hostile import CORPUS, MARK, Speaker, kept, speak
from tests.fixtures.system import RunningSystem, within
from tests.integration.diagnostics.mail_server import Mailbox, mail_server
from tests.integration.diagnostics.receiver import receiving

FORM = {
    "url": "",
    "fields": {"to": "{to}", "message": "{text}", "ref": "{key}"},
    "headers": {"Authorization": "Bearer {secret}"},
}
CHANNELS = ("email", "webhook", "sms", "panel", "apprise")


@pytest.fixture
async def worker(running_system: RunningSystem) -> AsyncIterator[Pool]:
    async with database_pool(running_system.local.urls.worker, "hostile-messages", largest=2) as pool:
        yield pool


def jammed(system: RunningSystem) -> tuple[str, int]:
    """A dispenser that has sent the corpus and jammed, and its alarm."""
    speaker = Speaker(system, system.enroll("dispenser", "roll-dispenser-r2"))
    speak(speaker)
    for text in CORPUS:
        data = {"system": "dispenser-gateway", "code": "JAM", "module": text, "text": text}
        speaker.say(Verb.EVENT, event="fault_raised", data=data)
    with psycopg.connect(system.local.urls.owner, autocommit=True) as connection:
        asked = "SELECT max(alarm_id) FROM alarm JOIN device USING (device_no) WHERE device_id = %s HAVING count(*) > 0"
        found, _ = within(60, lambda: connection.execute(asked, [speaker.device.device_id]).fetchone())
    return speaker.device.device_id, found[0]


def call(system: RunningSystem, alarm: int, addresses: dict[str, str]) -> None:
    """Has somebody called about an alarm by every channel; without an address, of the installation's own."""
    with psycopg.connect(system.local.urls.owner) as connection:
        made = connection.execute(
            "INSERT INTO recipient (code, role) VALUES ('hostile-duty', 'carer') RETURNING recipient_id"
        ).fetchone()
        assert made is not None
        for channel, address in addresses.items():
            if address:
                connection.execute("INSERT INTO recipient_address VALUES (%s, %s, %s)", [made[0], channel, address])
            connection.execute(
                "INSERT INTO notification (alarm_id, kind, channel, recipient_id) VALUES (%s, 'raised', %s, %s)"
                " ON CONFLICT DO NOTHING",
                [alarm, channel, made[0] if address else None],
            )


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning", "ignore:'crypt':DeprecationWarning")
async def test_no_channel_carries_a_word_of_what_the_device_said(running_system: RunningSystem, worker: Pool) -> None:
    device_id, alarm = jammed(running_system)
    assert set(kept(running_system, device_id)) >= {"firmware", "module", "fault's text"}, "control: it was said"
    local, mailbox = running_system.local, Mailbox()
    local.broker.add_credentials({"hostile-ward": "panel-password"})
    settings = Settings(
        _env_file=None,
        mqtt_host=local.broker.host,
        mqtt_port=local.broker.port,
        mqtt_username="diagnostics",
        mqtt_password=SecretStr(local.secrets.broker["diagnostics"]),
    )
    async with AsyncExitStack() as stack:
        port = stack.enter_context(mail_server(mailbox))
        hook, sms, apprise = [await stack.enter_async_context(receiving()) for _ in range(3)]
        form = read_form({**FORM, "url": sms.url}, "sms")
        channels: dict[str, Channel] = {
            "email": Mail(Smtp(host="127.0.0.1", port=port, sender="alarm@example.org", security="none")),
            "webhook": Webhook(hook.url, "a-secret-shared-by-both-sides-of-the-hook", allow_private=True),
            "sms": Gateway("sms", form, "the-providers-key", allow_private=True),
            "panel": Panel(settings),
            "apprise": Apprise(),
        }
        to = {"email": "night@example.org", "webhook": "", "sms": "+46700000000", "panel": "hostile-ward"}
        call(running_system, alarm, {**to, "apprise": f"json://127.0.0.1:{apprise.port}/"})
        assert await Outbox(worker, channels, "http://api").round() >= len(CHANNELS)
        by_channel = [[mail.as_bytes() for mail in mailbox.got], [await shown(local.broker)]]
        by_channel += [[str(request).encode() for request in one.got] for one in (hook, sms, apprise)]
    left = [body for bodies in by_channel for body in bodies]
    assert not [body for body in left if MARK.encode() in body or b"alert(" in body or b"calc" in body]
    assert mailbox.to == [["night@example.org"]], "one message, to one person"
    about_it = [any(str(alarm).encode() in body for body in bodies) for bodies in by_channel]
    assert all(about_it), "control: every channel has told of that very alarm"


async def shown(broker: Mosquitto) -> bytes:
    """What the panel finds on its topic."""
    who = {"username": "hostile-ward", "password": "panel-password"}
    panel = aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5, **who)  # type: ignore[arg-type]
    async with panel as client:
        await client.subscribe("fk/panel/hostile-ward/+", qos=1)
        async for got in client.messages:
            assert isinstance(got.payload, bytes)
            return got.payload
    raise AssertionError("nothing stands on the panel")
