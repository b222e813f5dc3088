"""From a device's own connection to the database, and back again as a receipt."""

import asyncio
import json
import time

import aiomqtt
import psycopg
import pytest

from fleet.messages import SENML_CONTENT
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import (
    PLAIN_SCALE,
    Site,
    as_bytes,
    device_client,
    event,
    now_milliseconds,
    publish,
    reading,
    running,
)

GOOD = {"body.weight": 81.4}
COUNT = "SELECT count(*) FROM reading_scale"


async def test_a_reading_is_in_the_database_within_two_seconds_with_both_times(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    async with running(site.service()):
        message = reading(1, GOOD)
        began = time.monotonic()
        await publish(site, device.device_id, [message])
        await site.until(COUNT, equals=1)
        assert time.monotonic() - began < 2
    row = site.ask(
        "SELECT device_no, (extract(epoch FROM ts) * 1000)::bigint, boot, seq, body_weight, received_at >= ts, "
        "clock_corrected, unknown FROM reading_scale"
    )
    assert row == [(device.device_no, message["ts"], 1, 1, pytest.approx(81.4), True, None, None)]
    assert site.one("SELECT present_values(metric_values, told) FROM device_state") == {
        "body.weight": [81.4, message["ts"]]
    }


async def test_a_device_cannot_speak_for_another(site: Site, add_device: AddDevice) -> None:
    device, other = add_device("scale", PLAIN_SCALE), add_device("scale", PLAIN_SCALE)
    async with running(site.service()):
        async with device_client(site, device.device_id) as client:
            await client.publish(f"fk/v1/{other.device_id}/telemetry", as_bytes(reading(1, GOOD)), qos=1)
        await publish(site, other.device_id, [reading(2, GOOD)])
        await site.until(COUNT, equals=1)
    assert site.one("SELECT seq FROM reading_scale") == 2
    # Devices of other tests on the same broker are strangers here; they have no number.
    assert site.one("SELECT count(*) FROM quarantine WHERE device_no IS NOT NULL") == 0, "the broker let it through"


async def test_arrays_senml_and_single_readings_are_stored_alike(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    pack = [{"bt": now_milliseconds() / 1000, "fk_boot": 1, "fk_seq": 4, "n": "body.weight", "u": "kg", "v": 70}]
    async with running(site.service()):
        await publish(site, device.device_id, [reading(1, GOOD), [reading(2, GOOD), reading(3, GOOD)]])
        await publish(site, device.device_id, [pack], content_type=SENML_CONTENT)
        await site.until(COUNT, equals=4)
    assert [row[0] for row in site.ask("SELECT seq FROM reading_scale ORDER BY seq")] == [1, 2, 3, 4]


async def test_birth_presence_and_last_will_become_the_present(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    birth = {
        "ts": now_milliseconds(),
        "boot": 3,
        "device_class": "scale",
        "model": "and-uc352ble",
        "firmware": "2.1",
        "metrics": ["body.weight"],
        "attributes": {"gateway": "g-7"},
    }
    will = aiomqtt.Will(f"fk/v1/{device.device_id}/state", as_bytes(presence(3, online=False)), qos=1, retain=True)
    async with running(site.service()):
        async with device_client(site, device.device_id, will=will) as client:
            await client.publish(f"fk/v1/{device.device_id}/birth", as_bytes(birth), qos=1, retain=True)
            await client.publish(
                f"fk/v1/{device.device_id}/state", as_bytes(presence(3, online=True)), qos=1, retain=True
            )
            await site.until("SELECT count(*) FROM device_state WHERE online", equals=1)
            client._client._sock_close()  # the line breaks without a word
        await site.until("SELECT count(*) FROM device_state WHERE NOT online", equals=1)
    assert site.ask("SELECT boot, attributes FROM device_state") == [(3, {"gateway": "g-7"})]
    assert site.ask("SELECT model_key, firmware FROM device") == [("and-uc352ble", "2.1")]
    assert site.one("SELECT count(*) FROM evaluation_due") == 1
    for verb in ("birth", "state"):  # other tests meet the same broker
        await publish(site, device.device_id, [b""], verb=verb, retain=True)


def presence(boot: int, *, online: bool) -> dict[str, object]:
    return {"ts": now_milliseconds(), "boot": boot, "online": online}


async def test_the_device_is_told_what_it_may_forget(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    async with running(site.service()), device_client(site, device.device_id) as client:
        await client.subscribe(f"fk/v1/{device.device_id}/stored", qos=1)
        await publish(site, device.device_id, [reading(seq, GOOD) for seq in (1, 2, 3, 5)])
        await publish(site, device.device_id, [b'{"boot": 1, "seq": 6, oops'])
        await publish(site, device.device_id, [reading(7, GOOD, outbox_from=1)])
        assert await receipt(client) == {"boot": 1, "seq": 3}
        await publish(site, device.device_id, [reading(4, GOOD, outbox_from=1)])
        assert await receipt(client) == {"boot": 1, "seq": 7}, "what is in quarantine is kept and need not come again"
    assert site.one(COUNT) == 6
    assert site.one("SELECT seq FROM quarantine WHERE device_no IS NOT NULL") == 6


async def test_after_a_restart_ingest_promises_only_what_it_has_seen_again(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    bodies = [reading(seq, GOOD) for seq in range(1, 6)]
    async with running(site.service()):
        await publish(site, device.device_id, bodies[:4])
        await site.until(COUNT, equals=4)
    async with running(site.service()) as service, device_client(site, device.device_id) as client:
        await client.subscribe(f"fk/v1/{device.device_id}/stored", qos=1)
        await publish(site, device.device_id, [{**bodies[4], "outbox_from": 1}])
        await site.until(COUNT, equals=5)
        with pytest.raises(TimeoutError):
            await receipt(client, seconds=0.5)
        await publish(site, device.device_id, [{**body, "outbox_from": 1} for body in bodies[:4]])
        latest = await receipt(client)
        while latest["seq"] != 5:
            latest = await receipt(client)
        assert service.figures.repeated == 4
    assert site.one(COUNT) == 5


async def receipt(client: aiomqtt.Client, seconds: float = 10) -> dict[str, int]:
    async with asyncio.timeout(seconds):
        message = await anext(aiter(client.messages))
        assert isinstance(message.payload, bytes)
        found: dict[str, int] = json.loads(message.payload)
        return found


async def test_a_wake_up_comes_with_the_commit_and_only_when_there_is_something(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("dispenser")
    async with running(site.service()):
        with psycopg.connect(site.superuser_url, autocommit=True) as waiting:
            waiting.execute("LISTEN fjarrkoll_due")
            await publish(site, device.device_id, [reading(1, {"battery.level": 90})])
            await site.until("SELECT count(*) FROM reading_dispenser", equals=1)
            assert list(waiting.notifies(timeout=0.3)) == []
            await publish(site, device.device_id, [event(2, "dose_missed")], verb="event")
            heard = await asyncio.to_thread(lambda: list(waiting.notifies(timeout=5, stop_after=1)))
    assert [notice.channel for notice in heard] == ["fjarrkoll_due"]
    assert site.one("SELECT device_no FROM evaluation_due") == device.device_no


async def test_what_an_event_marked_is_urgent_and_stays_so_whatever_readings_say(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    marked = "SELECT urgent FROM evaluation_due"
    async with running(site.service()):
        await publish(site, device.device_id, [reading(1, {"battery.soc": 1})])
        await site.until("SELECT count(*) FROM evaluation_due", equals=1)
        assert site.one(marked) is False
        await publish(site, device.device_id, [event(2, "charge_started")], verb="event")
        await site.until(marked, equals=True)
        since = site.one("SELECT since FROM evaluation_due")
        await publish(site, device.device_id, [reading(3, {"battery.soc": 1})])
        await site.until("SELECT count(*) FROM reading_wheelchair", equals=2)
    assert site.ask("SELECT urgent, since > %s FROM evaluation_due", since) == [(True, True)]
