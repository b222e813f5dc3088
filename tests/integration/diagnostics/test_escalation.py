"""An alarm on its ladder over a real database: walked, taken, held, restarted, two walkers, providers that lie."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from diagnostics.escalation.walking import Walker
from diagnostics.notify.links import Links
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.retry import Failure
from fleet.plumbing.database import Pool, database_pool
from tests.fixtures.database import Database, lend_device, return_device
from tests.integration.diagnostics.calling import Provider, add_ladder, add_recipient, body, called, start, travel
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

CHANNELS = ["email", "sms", "voice", "webhook"]
RECEIPT = timedelta(seconds=60)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with database_pool(database.worker, "test-worker", largest=6) as opened:
        yield opened


@pytest.fixture
def ladder(store: Store) -> None:
    """A relative, then home care, then the alarm centre without end; three and five minutes."""
    add_recipient(store, "relative", {"sms": "+46700000001", "email": "relative@example.org"})
    add_recipient(store, "home-care", {"sms": "+46700000002"})
    add_recipient(store, "alarm-centre", {"voice": "+46700000003"})
    add_ladder(store, "person", [(3, ["relative"]), (5, ["home-care"])], ["alarm-centre"])


def taken(store: Store, alarm_id: int, by: str = "somebody") -> None:
    store.execute("UPDATE alarm SET taken_at = now(), taken_by = %s WHERE alarm_id = %s", by, alarm_id)


@pytest.mark.usefixtures("ladder")
async def test_every_step_comes_at_its_time_across_restarts(pool: Pool, store: Store, town: Town) -> None:
    """Every unacknowledged safety alarm reaches step k when the waits before it are over; times do not drift."""
    numbers = [await start(pool, store, town.dispenser.device_no, CHANNELS)]
    store.execute("UPDATE alarm SET rule = 'jam-0'")
    for entry in range(1, 5):
        numbers.append(await start(pool, store, town.dispenser.device_no, CHANNELS))
        store.execute("UPDATE alarm SET rule = %s WHERE rule = 'jam'", f"jam-{entry}")
    for _ in range(16):  # a new walker each minute: nothing is kept in a process
        await Walker(pool, CHANNELS).round()
        travel(store, seconds=60)
    for number in numbers:
        rows = store.all(
            "SELECT due_at - min(due_at) OVER (), called_at - due_at FROM escalation_call"
            " WHERE alarm_id = %s ORDER BY call_no",
            number,
        )
        # Due by the millisecond, whatever the walkers' pace; called at the first look after that.
        assert [due // timedelta(seconds=1) for due, _ in rows] == [0, 180, 480, 780]
        assert all(timedelta(0) <= late < timedelta(seconds=120) for _, late in rows)
        assert [position for position, _ in called(store, number)] == [0, 1, 2, 2]


@pytest.mark.usefixtures("ladder")
async def test_two_walkers_call_each_step_once(pool: Pool, store: Store, town: Town) -> None:
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    for _ in range(3):
        travel(store, minutes=5)
        await asyncio.gather(*(Walker(pool, CHANNELS).round() for _ in range(4)))
    calls = called(store, number)
    assert [position for position, _ in calls] == [0, 1, 2, 2]
    assert store.all("SELECT count(*) FROM notification") == [(4,)]


@pytest.mark.usefixtures("ladder")
async def test_whoever_takes_it_ends_the_ladder_and_nobody_else_is_called(
    pool: Pool, store: Store, town: Town, api: Api, make_token: MakeToken
) -> None:
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    failing = Provider("sms", answers=[Failure(reason="down")] * 9)
    await Outbox(pool, {"sms": failing}, "http://api").round()
    answer = await api.post(f"alarms/{number}/take", make_token("carer"))
    assert answer.status_code == 200
    travel(store, hours=1)
    await Walker(pool, CHANNELS).round()
    await Outbox(pool, {"sms": failing}, "http://api").round()
    assert len(called(store, number)) == 1
    assert len(failing.got) == 1  # what had not reached the relative need not any more
    assert store.all("SELECT ended_why FROM escalation") == [("taken",)]


@pytest.mark.usefixtures("ladder")
async def test_when_it_ends_everyone_who_was_told_is_told(pool: Pool, store: Store, town: Town) -> None:
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    travel(store, minutes=3)
    await Walker(pool, CHANNELS).round()
    sms = Provider("sms")
    await Outbox(pool, {"sms": sms}, "http://api").round()
    store.execute("UPDATE alarm SET cleared_at = now(), cleared_why = 'condition_ended' WHERE alarm_id = %s", number)
    await Outbox(pool, {"sms": sms}, "http://api").round()
    said = [(message.address, message.kind) for message in sms.got]
    assert sorted(said) == [
        ("+46700000001", "cleared"),
        ("+46700000001", "raised"),
        ("+46700000002", "cleared"),
        ("+46700000002", "raised"),
    ]
    assert [kind for _, kind in said] == ["raised", "raised", "cleared", "cleared"]
    assert len(set(sms.keys)) == 4


async def test_without_a_ladder_the_webhook_is_told_at_once_and_again_until_it_is_taken(
    pool: Pool, store: Store, town: Town
) -> None:
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    assert store.all("SELECT channel, recipient_id FROM notification") == [("webhook", None)]
    travel(store, minutes=5)
    await Walker(pool, CHANNELS).round()
    webhook = Provider("webhook")
    await Outbox(pool, {"webhook": webhook}, "http://api").round()
    assert sorted(webhook.keys) == [f"alarm-{number}-raised", f"alarm-{number}-raised-1"]
    taken(store, number)
    travel(store, hours=1)
    assert await Walker(pool, CHANNELS).round() == 0


async def test_a_persons_ladder_goes_before_a_groups_and_ends_with_the_loan(
    database: Database, pool: Pool, store: Store, town: Town
) -> None:
    for code in ("own-relative", "home-care", "regional"):
        add_recipient(store, code, {"sms": "+46700000009"})
    add_ladder(store, "anyone", [], ["regional"])
    add_ladder(store, "group", [], ["home-care"], payer_id=town.payer.payer_id)
    add_ladder(store, "own", [], ["own-relative"], device_no=town.dispenser.device_no)
    assert called(store, await start(pool, store, town.dispenser.device_no, CHANNELS)) == [(0, ["own-relative"])]
    assert called(store, await start(pool, store, town.chair.device_no, CHANNELS)) == [(0, ["home-care"])]
    assert called(store, await start(pool, store, town.elsewhere.device_no, CHANNELS)) == [(0, ["regional"])]
    return_device(database, town.dispenser.device_no, NOW)
    lend_device(database, town.dispenser.device_no, town.other, "SoL", NOW + timedelta(seconds=1))
    assert called(store, await start(pool, store, town.dispenser.device_no, CHANNELS)) == [(0, ["regional"])]


@pytest.mark.usefixtures("ladder")
@pytest.mark.parametrize("safety", [True, False])
async def test_a_silence_ends_by_itself_and_covers_no_safety_cause(
    pool: Pool, store: Store, town: Town, *, safety: bool
) -> None:
    store.execute(
        "INSERT INTO silence (device_class, starts_at, ends_at, reason, set_by)"
        " VALUES ('dispenser', now(), now() + interval '2 hours', 'moving house', 'test')"
    )
    number = await start(pool, store, town.dispenser.device_no, CHANNELS, safety=safety)
    travel(store, minutes=119)
    await Walker(pool, CHANNELS).round()
    assert bool(called(store, number)) is safety
    travel(store, minutes=2)
    await Walker(pool, CHANNELS).round()
    assert called(store, number)[0] == (0, ["relative"])


async def test_a_silence_without_an_end_cannot_be_written(store: Store) -> None:
    with pytest.raises(Exception, match="null value"):
        store.execute("INSERT INTO silence (starts_at, reason, set_by) VALUES (now(), 'for ever', 'test')")
    with pytest.raises(Exception, match="check constraint"):
        store.execute(
            "INSERT INTO silence (starts_at, ends_at, reason, set_by)"
            " VALUES (now(), now() + interval '1 year', 'x', 'y')"
        )


@pytest.mark.usefixtures("ladder")
async def test_a_clock_that_went_back_an_hour_delays_a_step_by_its_wait_at_most(
    pool: Pool, store: Store, town: Town
) -> None:
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    travel(store, hours=-1)
    await Walker(pool, CHANNELS).round()
    assert len(called(store, number)) == 1  # not early
    travel(store, minutes=3)
    await Walker(pool, CHANNELS).round()
    assert [position for position, _ in called(store, number)] == [0, 1]


@pytest.mark.usefixtures("ladder")
async def test_a_provider_that_says_yes_and_drops_is_found_and_bypassed(pool: Pool, store: Store, town: Town) -> None:
    await start(pool, store, town.dispenser.device_no, CHANNELS)
    liar, mail = Provider("sms", receipts_within=RECEIPT), Provider("email")
    outbox = Outbox(pool, {"sms": liar, "email": mail}, "http://api")
    for _ in range(7):  # seventy seconds
        await Walker(pool, CHANNELS).round()
        await outbox.round()
        travel(store, seconds=10)
    assert [message.address for message in mail.got] == ["relative@example.org"]
    assert len(liar.got) == 1


@pytest.mark.usefixtures("ladder")
async def test_with_a_receipt_nobody_is_told_twice(pool: Pool, store: Store, town: Town) -> None:
    """The negative control of the one above."""
    await start(pool, store, town.dispenser.device_no, CHANNELS)
    honest, mail = Provider("sms", receipts_within=RECEIPT), Provider("email")
    outbox = Outbox(pool, {"sms": honest, "email": mail}, "http://api")
    await outbox.round()
    assert store.all("SELECT receipt_arrived('sms', 'sms-1', true)") == [(True,)]
    for _ in range(7):
        await Walker(pool, CHANNELS).round()
        await outbox.round()
        travel(store, seconds=10)
    assert mail.got == []
    assert store.all("SELECT count(*) FROM notification WHERE delivered_at IS NOT NULL") == [(1,)]


async def test_a_recipient_that_nothing_reaches_makes_the_next_step_due_at_once(
    pool: Pool, store: Store, town: Town
) -> None:
    add_recipient(store, "only-sms", {"sms": "+46700000001"})
    add_recipient(store, "alarm-centre", {"voice": "+46700000003"})
    add_ladder(store, "thin", [(30, ["only-sms"])], ["alarm-centre"])
    number = await start(pool, store, town.dispenser.device_no, CHANNELS)
    sms = Provider("sms", answers=[Failure(reason="answered 500", status=500)] * 9)
    for _ in range(3):
        await Outbox(pool, {"sms": sms}, "http://api").round()
        await Walker(pool, CHANNELS).round()
        travel(store, seconds=5)
    assert called(store, number) == [(0, ["only-sms"]), (1, ["alarm-centre"])]


@pytest.mark.usefixtures("ladder")
async def test_a_message_tells_no_more_than_the_receivers_role_may_see(pool: Pool, store: Store, town: Town) -> None:
    store.execute("UPDATE recipient SET role = 'technician' WHERE code = 'home-care'")
    await start(pool, store, town.dispenser.device_no, CHANNELS)
    travel(store, minutes=3)
    await Walker(pool, CHANNELS).round()
    sms = Provider("sms")
    links = Links("https://alarm.example.org", "a secret of at least thirty-two characters")
    await Outbox(pool, {"sms": sms}, "http://api", links=links).round()
    texts = {message.address: message.text for message in sms.got}
    assert "Läkemedelsautomat" in texts["+46700000001"]
    assert "Läkemedelsautomat" not in texts["+46700000002"]
    assert "Ett larm väntar" in texts["+46700000002"]
    for message in sms.got:
        assert town.dispenser.device_id not in message.text
        assert "A-2" not in message.text + message.body.decode()
        assert body(message)["acknowledge_url"] in message.text


async def test_a_canary_reaches_its_own_recipient_and_never_a_carer(pool: Pool, store: Store, town: Town) -> None:
    add_recipient(store, "home-care", {"sms": "+46700000002"})
    add_recipient(store, "canary-ear", {"sms": "+46700000099"}, canary=True)
    add_ladder(store, "everyone", [(1, ["home-care"])], ["home-care", "canary-ear"])
    store.execute("INSERT INTO canary_device VALUES (%s)", town.in_store.device_no)
    canary = await start(pool, store, town.in_store.device_no, CHANNELS)
    add_ladder(store, "canary", [], ["canary-ear", "home-care"], device_no=town.in_store.device_no)
    store.execute("UPDATE alarm SET cleared_at = now() WHERE alarm_id = %s", canary)
    canary = await start(pool, store, town.in_store.device_no, CHANNELS)
    real = await start(pool, store, town.dispenser.device_no, CHANNELS)
    for _ in range(5):
        travel(store, minutes=6)
        await Walker(pool, CHANNELS).round()
    assert {code for _, codes in called(store, canary) for code in codes} == {"canary-ear"}
    assert {code for _, codes in called(store, real) for code in codes} == {"home-care"}
    # Even a message that somebody wrote by hand does not cross over.
    store.execute(
        "INSERT INTO notification (alarm_id, kind, channel, recipient_id, call_no)"
        " SELECT %s, 'raised', 'sms', recipient_id, 99 FROM recipient WHERE code = 'home-care'",
        canary,
    )
    sms = Provider("sms")
    await Outbox(pool, {"sms": sms}, "http://api").round()
    numbers = {(message.address, body(message)["alarm_id"]) for message in sms.got}
    assert numbers == {("+46700000099", canary), ("+46700000002", real)}


async def test_quiet_hours_hold_a_calm_cause_until_the_morning(pool: Pool, store: Store, town: Town) -> None:
    quiet = [{"begins": "00:00", "ends": "00:00", "days": ["every_day"]}]
    add_recipient(store, "sleeper", {"sms": "+46700000005"}, quiet=quiet)
    add_ladder(store, "quiet", [], ["sleeper"])
    calm = await start(pool, store, town.chair.device_no, CHANNELS, safety=False)
    urgent = await start(pool, store, town.dispenser.device_no, CHANNELS)
    assert (called(store, calm), called(store, urgent)) == ([], [(0, ["sleeper"])])


@pytest.mark.usefixtures("ladder")
async def test_addresses_are_read_by_the_worker_alone(database: Database, pool: Pool, api: Api, store: Store) -> None:
    async with database_pool(database.api, "test-api", largest=1) as outside, outside.connection() as connection:
        for table in ("recipient", "recipient_address", "acknowledge_link", "ladder_use"):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(f"SELECT * FROM {table}".encode())  # noqa: S608 - ours
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT address FROM recipient_address")).fetchall()
    assert len(rows) == 4


@pytest.mark.usefixtures("ladder")
async def test_a_provider_that_errs_and_is_slow_keeps_nobody_from_being_reached_within_five_minutes(
    pool: Pool, store: Store, town: Town
) -> None:
    """Thirty in a hundred fail, the others answer after the time limit or drop; virtual time, twenty alarms."""
    chance = random.Random(5)
    sms, mail = Provider("sms", receipts_within=RECEIPT), Provider("email")
    slow, down = Failure(reason="no answer within 5 seconds"), Failure(reason="answered 503", status=503)
    sms.answers = [down if chance.random() < 0.3 else chance.choice([slow, None]) for _ in range(500)]
    numbers = []
    for entry in range(20):
        numbers.append(await start(pool, store, town.dispenser.device_no, CHANNELS))
        store.execute("UPDATE alarm SET rule = %s WHERE rule = 'jam'", f"jam-{entry}")
    outbox = Outbox(pool, {"sms": sms, "email": mail}, "http://api")
    for _ in range(20):  # five minutes
        await outbox.round()
        await Walker(pool, CHANNELS).round()
        travel(store, seconds=15)
    reached = {body(message)["alarm_id"] for message in mail.got}
    assert reached == set(numbers)
