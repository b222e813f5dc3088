"""Taking an alarm by a link without a login, and providers' receipts: what works, what is refused, what is not told."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from diagnostics.app import build_app
from diagnostics.notify.gateway_form import ReceiptForm
from diagnostics.notify.links import Links
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.signature import HEADER, sign
from diagnostics.resources import ReceiptDesk, Resources
from diagnostics.server import open_resources
from fleet.errors import ConfigurationError
from fleet.plumbing.database import Pool, database_pool
from tests.fixtures.database import Database
from tests.integration.diagnostics.calling import Provider, add_ladder, add_recipient, body, start, travel
from tests.integration.diagnostics.conftest import Store, Town

LINKS = Links("http://api", "a secret of at least thirty-two characters")
RECEIPT_SECRET = "what the provider signs with"
DESKS = {
    "sms": ReceiptDesk(ReceiptForm(), RECEIPT_SECRET),
    "voice": ReceiptDesk(ReceiptForm(header="X-Signature", signature="hex", status="state"), RECEIPT_SECRET),
}


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with database_pool(database.worker, "test-worker", largest=4) as opened:
        yield opened


@pytest.fixture
async def resources(database: Database) -> AsyncIterator[Resources]:
    async with open_resources(database.api, connections=2, receipts=DESKS) as opened:
        yield opened


@pytest.fixture
async def client(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as opened:
        yield opened


async def called(pool: Pool, store: Store, device_no: int) -> tuple[int, str]:
    """An alarm, and the path of the link that the one who was called got."""
    if not store.all("SELECT FROM recipient"):
        add_recipient(store, "night-patrol", {"sms": "+46700000001"})
        add_ladder(store, "night", [], ["night-patrol"])
    number = await start(pool, store, device_no, ["sms"])
    sms = Provider("sms")
    await Outbox(pool, {"sms": sms}, "http://api", links=LINKS).round()
    return number, body(sms.got[-1])["acknowledge_url"].removeprefix("http://api")


async def test_looking_takes_nothing_and_the_button_takes_the_alarm_once(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    number, path = await called(pool, store, town.dispenser.device_no)
    for _ in range(3):  # what link scanners do
        page = await client.get(path)
        assert (page.status_code, "Jag tar larmet" in page.text) == (200, True)
    assert store.all("SELECT taken_at FROM alarm") == [(None,)]
    assert "Du har tagit larmet" in (await client.post(path)).text
    assert store.all("SELECT taken_by FROM alarm WHERE alarm_id = %s", number) == [("night-patrol",)]
    assert "redan använd" in (await client.post(path)).text
    assert "Jag tar larmet" not in (await client.get(path)).text
    assert store.all("SELECT ended_why FROM escalation") == [("taken",)]
    assert store.audit() == [("night-patrol", "alarm.take", town.dispenser.device_no)]


async def test_a_forged_link_takes_nothing_and_the_real_one_does(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    """Whoever knows how links are made, and every message's number, still lacks FJARRKOLL_LINK_SECRET."""
    number, path = await called(pool, store, town.dispenser.device_no)
    [(message,)] = store.all("SELECT notification_id FROM notification WHERE alarm_id = %s", number)
    token = LINKS.token(message)
    forged = [
        Links("http://api", "another secret of thirty-two characters").token(message),
        LINKS.token(message + 1),  # a message that was never sent
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        hashlib.sha256(token.encode()).hexdigest()[:32],  # what a thief of the database has
    ]
    for guess in forged:
        for method in ("GET", "POST"):
            answer = await client.request(method, f"/a/{guess}")
            assert (answer.status_code, "Jag tar larmet" in answer.text) == (404, False)
    assert store.all("SELECT taken_at FROM alarm") == [(None,)]
    assert store.audit() == []
    assert path == f"/a/{token}"
    assert "Du har tagit larmet" in (await client.post(path)).text  # the control: the same way with the right secret


async def test_a_used_link_takes_nothing_again_though_the_alarm_was_given_back(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    _, path = await called(pool, store, town.dispenser.device_no)
    _, other = await called(pool, store, town.chair.device_no)
    await client.post(path)
    store.execute("UPDATE alarm SET taken_at = NULL, taken_by = NULL WHERE device_no = %s", town.dispenser.device_no)
    assert "redan använd" in (await client.post(path)).text
    assert store.all("SELECT count(*) FROM alarm WHERE taken_at IS NOT NULL") == [(0,)]
    assert "Du har tagit larmet" in (await client.post(other)).text  # the control: one that nobody has used


async def test_the_page_tells_nothing_of_device_or_user(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    _, path = await called(pool, store, town.dispenser.device_no)
    page = await client.get(path)
    for secret in (town.dispenser.device_id, "A-2", "kommun-a", "+467", "därför"):
        assert secret not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_a_link_to_what_is_over_or_anothers_says_so_and_changes_nothing(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    number, path = await called(pool, store, town.dispenser.device_no)
    store.execute("UPDATE alarm SET taken_at = now(), taken_by = 'first' WHERE alarm_id = %s", number)
    assert "Någon annan" in (await client.post(path)).text
    assert store.all("SELECT taken_by FROM alarm") == [("first",)]
    over, path = await called(pool, store, town.chair.device_no)
    store.execute("UPDATE alarm SET cleared_at = now() WHERE alarm_id = %s", over)
    assert "upphört" in (await client.post(path)).text


async def test_a_link_ends_after_a_day_and_guesses_are_slowed_down(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    _, path = await called(pool, store, town.dispenser.device_no)
    travel(store, hours=25)
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path)).status_code == 404
    assert store.all("SELECT taken_at FROM alarm") == [(None,)]
    statuses = [(await client.get(f"/a/{number:032d}")).status_code for number in range(40)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


@pytest.mark.parametrize("token", ["", "x", "%00", "..%2F..%2Fapi", "A" * 300, "<script>alert(1)</script>"])
async def test_what_is_no_token_is_refused_and_not_repeated(client: httpx.AsyncClient, token: str) -> None:
    for method in ("GET", "POST"):
        page = await client.request(method, f"/a/{token}")
        assert page.status_code in {401, 404, 422}
        assert "<script>alert" not in page.text


async def test_only_the_hash_of_a_token_is_kept_and_repeats_carry_the_same(
    pool: Pool, store: Store, town: Town
) -> None:
    _, path = await called(pool, store, town.dispenser.device_no)
    [(kept,)] = store.all("SELECT token_hash FROM acknowledge_link")
    assert bytes(kept) == hashlib.sha256(path.removeprefix("/a/").encode()).digest()
    store.execute("UPDATE notification SET state = 'pending', next_attempt_at = now()")
    again = Provider("sms")
    await Outbox(pool, {"sms": again}, "http://api", links=LINKS).round()
    assert body(again.got[0])["acknowledge_url"].endswith(path)
    assert store.all("SELECT count(*) FROM acknowledge_link") == [(1,)]


def test_a_short_secret_for_links_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="32"):
        Links("http://api", "short")


def _receipt(reference: str, status: str, name: str = "status") -> bytes:
    return json.dumps({"id": reference, name: status}).encode()


async def test_a_signed_receipt_is_kept_and_an_unsigned_one_refused(
    pool: Pool, store: Store, town: Town, client: httpx.AsyncClient
) -> None:
    await called(pool, store, town.dispenser.device_no)
    store.execute("UPDATE notification SET reference = 'prov-1'")
    content, now = _receipt("prov-1", "delivered"), int(time.time())
    forged = [
        {},
        {HEADER: sign("another secret of theirs", now, content)},
        {HEADER: sign(RECEIPT_SECRET, now, _receipt("prov-2", "delivered"))},
        {HEADER: sign(RECEIPT_SECRET, now - 3600, content)},
    ]
    for headers in forged:
        assert (await client.post("/api/v1/receipts/sms", content=content, headers=headers)).status_code == 401
    assert store.all("SELECT delivered_at FROM notification") == [(None,)]
    good = {HEADER: sign(RECEIPT_SECRET, now, content)}
    for _ in range(2):
        assert (await client.post("/api/v1/receipts/sms", content=content, headers=good)).status_code == 204
    assert store.all("SELECT delivered_at IS NOT NULL FROM notification") == [(True,)]


async def test_a_receipt_signed_in_the_providers_own_way(client: httpx.AsyncClient, store: Store) -> None:
    content = _receipt("call-1", "delivered", "state")
    signature = hmac.new(RECEIPT_SECRET.encode(), content, hashlib.sha256).hexdigest()
    answer = await client.post("/api/v1/receipts/voice", content=content, headers={"X-Signature": signature})
    assert answer.status_code == 204
    answer = await client.post("/api/v1/receipts/voice", content=content, headers={"X-Signature": "z" * 64})
    assert answer.status_code == 401


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"id": {}, "status": []}', b"\xff\xfe", b"[" * 5000])
async def test_a_signed_receipt_that_makes_no_sense_is_taken_and_changes_nothing(
    client: httpx.AsyncClient, content: bytes
) -> None:
    headers = {HEADER: sign(RECEIPT_SECRET, int(time.time()), content)}
    assert (await client.post("/api/v1/receipts/sms", content=content, headers=headers)).status_code == 204


async def test_a_channel_without_a_desk_takes_no_receipt(client: httpx.AsyncClient) -> None:
    for channel in ("email", "webhook", "..", "sms/../../devices"):
        assert (await client.post(f"/api/v1/receipts/{channel}", content=b"{}")).status_code in {401, 404, 422}
