"""The supervisor against a real broker: comes back, subscribes, tells what was lost, stops in order."""

import asyncio

import pytest

from fjarrkoll.services import Mosquitto
from ingest.consumer import (
    BackOff,
    Connected,
    ConnectionLost,
    ConnectionRefused,
    ConnectionReport,
    Consumer,
    Delivery,
    Disconnected,
    SessionEvent,
    SessionLost,
    Supervisor,
)
from tests.integration.consumer.support import (
    FILTER,
    PASSWORDS,
    MakeConsumer,
    feed,
    numbered,
    payloads,
    timed,
    until,
)

QUICK = BackOff(base_seconds=0.05, cap_seconds=0.2)


class Ingest:
    """What the supervisor runs: takes in, acknowledges, and remembers."""

    def __init__(self, make: MakeConsumer) -> None:
        self.stop = asyncio.Event()
        self.taken: list[Delivery] = []
        self.events: list[SessionEvent] = []
        self.supervisor = Supervisor(
            make_consumer=make, filters=[FILTER], run=self.run, stop=self.stop, tell=self.events.append, back_off=QUICK
        )

    async def run(self, consumer: Consumer, _report: ConnectionReport) -> None:
        while not self.stop.is_set():
            batch = await consumer.next_batch(100, 0.02)
            self.taken += batch
            await consumer.acknowledge_batch(batch)

    def heard(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        return [event for event in self.events if isinstance(event, kind)]


async def test_it_takes_in_and_stops_promptly_when_asked_to(make: MakeConsumer, own_broker: Mosquitto) -> None:
    ingest = Ingest(make)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    await feed(own_broker, numbered(50))
    await until(lambda: len(ingest.taken) == 50)
    ingest.stop.set()
    _, seconds = await timed(serving)
    assert seconds < 5
    assert payloads(ingest.taken) == numbered(50)
    assert [type(event) for event in ingest.events] == [Connected]  # a first session is no loss


async def test_it_comes_back_after_a_restart_of_the_broker_with_its_session(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    ingest = Ingest(make)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    await asyncio.to_thread(own_broker.stop)
    await until(lambda: len(ingest.heard(ConnectionLost)) >= 2)  # the loss, and at least one failed attempt
    await asyncio.to_thread(own_broker.start)
    await until(lambda: len(ingest.heard(Connected)) == 2)
    await feed(own_broker, numbered(10))
    await until(lambda: len(ingest.taken) == 10)
    ingest.stop.set()
    await serving
    assert ingest.heard(SessionLost) == []


async def test_a_session_that_is_owed_more_than_the_budget_is_served_again(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make() as before:
        await before.subscribe([FILTER])
    sent = [number.to_bytes(4, "big") * 256 for number in range(400)]
    await feed(own_broker, sent)
    ingest = Ingest(lambda: make(buffer_bytes=65_536))
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: len(ingest.taken) == len(sent) and bool(ingest.heard(Connected)))
    ingest.stop.set()
    await serving
    assert payloads(ingest.taken) == sent


async def test_a_session_lost_at_the_broker_is_told_and_subscribed_anew(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    ingest = Ingest(make)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    own_broker.kill()  # what it had not saved is gone, sessions included
    await asyncio.to_thread(own_broker.start)
    await until(lambda: len(ingest.heard(Connected)) == 2)
    assert len(ingest.heard(SessionLost)) == 1
    await feed(own_broker, numbered(10))
    await until(lambda: len(ingest.taken) == 10)
    ingest.stop.set()
    await serving


async def test_a_session_missing_at_the_first_connection_is_told_where_one_is_expected(make: MakeConsumer) -> None:
    ingest = Ingest(make)
    ingest.supervisor.session_expected = True
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    ingest.stop.set()
    await serving
    assert [type(event) for event in ingest.events] == [SessionLost, Connected]


async def test_a_session_whose_subscriptions_were_never_made_is_mended(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make():  # an earlier process died between CONNACK and SUBSCRIBE
        pass
    ingest = Ingest(make)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    await feed(own_broker, numbered(10))
    await until(lambda: len(ingest.taken) == 10)
    ingest.stop.set()
    await serving
    [event] = ingest.events
    assert isinstance(event, Connected)
    assert event.report.session_present


async def test_a_wrong_password_at_start_ends_it_with_the_sentence(make: MakeConsumer) -> None:
    ingest = Ingest(lambda: make(password="wrong"))
    with pytest.raises(ConnectionRefused, match="password file"):
        await asyncio.wait_for(ingest.supervisor.supervise(), 5)


async def test_a_password_changed_in_service_is_told_and_waited_out(make: MakeConsumer, own_broker: Mosquitto) -> None:
    ingest = Ingest(make)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    own_broker.add_credentials({"ingest": "another"})
    await until(lambda: len(ingest.heard(ConnectionLost)) >= 2)
    refusal = ingest.heard(ConnectionLost)[-1]
    assert isinstance(refusal, ConnectionLost)
    assert isinstance(refusal.error, ConnectionRefused)
    own_broker.add_credentials({"ingest": PASSWORDS["ingest"]})
    await until(lambda: len(ingest.heard(Connected)) == 2)
    ingest.stop.set()
    await serving


async def test_who_is_replaced_comes_back_once_and_then_stands_back_for_the_longest_wait(make: MakeConsumer) -> None:
    ingest = Ingest(make)
    ingest.supervisor.back_off = BackOff(base_seconds=0.01, cap_seconds=30)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    for times in (1, 2):
        await until(lambda times=times: len(ingest.heard(Connected)) == times)  # type: ignore[misc]  # bound on purpose
        async with make():  # one that has no turn and goes, or one that stays
            await until(lambda times=times: len(ingest.heard(ConnectionLost)) == times)  # type: ignore[misc]
    ingest.stop.set()
    await asyncio.wait_for(serving, 2)
    waits = [event.retry_seconds for event in ingest.events if isinstance(event, ConnectionLost)]
    assert waits[0] < 1
    assert waits[1] == 30


async def test_who_is_not_sure_to_be_the_one_who_serves_does_not_connect(make: MakeConsumer) -> None:
    ingest, asked = Ingest(make), 0

    async def sure() -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise KeyError("another serves")

    ingest.supervisor.sure = sure
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    async with make() as other:
        await other.subscribe([FILTER])
        with pytest.raises(KeyError):
            await asyncio.wait_for(serving, 5)
        await other.subscribe([FILTER])  # still connected: nobody threw it out in turn
    assert len(ingest.heard(Connected)) == 1


async def test_a_stop_while_the_broker_is_away_is_heard(make: MakeConsumer, own_broker: Mosquitto) -> None:
    await asyncio.to_thread(own_broker.stop)
    ingest = Ingest(make)
    ingest.supervisor.back_off = BackOff(base_seconds=30, cap_seconds=30)
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(ConnectionLost)))
    ingest.stop.set()
    await asyncio.wait_for(serving, 2)
    assert ingest.heard(Connected) == []


async def test_a_run_that_does_not_end_is_cancelled_after_its_grace(make: MakeConsumer) -> None:
    ingest = Ingest(make)
    ended: list[str] = []

    async def stubborn(consumer: Consumer, report: ConnectionReport) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    ingest.supervisor.run = stubborn
    ingest.supervisor.grace_seconds = 0.2
    serving = asyncio.ensure_future(ingest.supervisor.supervise())
    await until(lambda: bool(ingest.heard(Connected)))
    ingest.stop.set()
    await asyncio.wait_for(serving, 2)
    assert ended == ["cancelled"]


async def test_an_error_of_ingests_own_ends_the_supervision(make: MakeConsumer) -> None:
    ingest = Ingest(make)

    async def broken(consumer: Consumer, report: ConnectionReport) -> None:
        raise ArithmeticError("the database's affair")

    ingest.supervisor.run = broken
    with pytest.raises(ArithmeticError):
        await asyncio.wait_for(ingest.supervisor.supervise(), 5)
    with pytest.raises(Disconnected):  # the last consumer was closed
        await make().next_batch(1, 0)
