"""Database, broker and ingest go away and come back: what devices sent is stored, once."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from fjarrkoll.services import Binaries, Mosquitto, Postgres
from fleet.errors import ConfigurationError
from fleet.plumbing.store.bootstrap import Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.registry import load_registry
from ingest.service import Service
from tests.fixtures.database import Database, add_device
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Desk, Site, delivery, publish, reading, running

COUNT = "SELECT count(*) FROM reading_scale"


@pytest.fixture
def own_servers(binaries: Binaries, server_folder: object) -> Iterator[tuple[Site, Postgres, str]]:
    """A broker and a database server that a test may stop, and one device that speaks."""
    folder = server_folder
    passwords = {"ingest": "secret of ingest", "scale-0001": "secret of device"}
    with (
        Postgres(binaries, folder / "postgres", durable=True) as postgres,  # type: ignore[operator]  # a Path
        Mosquitto(binaries, folder / "mosquitto", passwords) as broker,  # type: ignore[operator]  # a Path
    ):
        urls = bootstrap(postgres.superuser_dsn(), "fjarrkoll", Passwords.generate())
        migrate(urls.owner, load_registry())
        superuser = postgres.superuser_dsn("fjarrkoll")
        database = Database("fjarrkoll", superuser, **dict(urls.items()))
        add_device(database, "scale", PLAIN_SCALE, device_id="scale-0001")
        yield Site(broker, passwords, urls.ingest, superuser, "ingest-0"), postgres, "scale-0001"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_nothing_is_lost_while_the_database_is_away(own_servers: tuple[Site, Postgres, str], how: str) -> None:
    site, postgres, device_id = own_servers
    bodies = [reading(seq, {"body.weight": 80}) for seq in range(1, 1501)]
    async with running(site.service(batch=50)) as service:
        await publish(site, device_id, bodies[:500])
        await asyncio.to_thread(getattr(postgres, how))
        await publish(site, device_id, bodies[500:1000])
        await asyncio.sleep(0.5)
        assert service.counted().acknowledged < 1000, "acknowledged while the database was away"
        await asyncio.to_thread(postgres.start)
        await publish(site, device_id, bodies[1000:])
        await site.until(COUNT, equals=1500, seconds=60)
        assert sum(service.figures.held.values()) > 0, "the outage was not met"
    assert site.one("SELECT sum(amount) FROM usage_day") == 1500


async def test_a_connection_that_is_cut_in_the_middle_of_a_commit_is_tried_again_with_the_same_batch(
    site: Site, add_device: AddDevice
) -> None:
    """Whether the commit went through cannot be known; the key decides."""
    device = add_device("scale", PLAIN_SCALE)

    async def cut(stop: asyncio.Event) -> None:
        with psycopg.connect(site.superuser_url, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fjarrkoll_ingest'"
                    " AND datname = current_database()"
                )
                await asyncio.sleep(0.05)

    stop = asyncio.Event()
    async with running(site.service(batch=20)) as service:
        await publish(site, device.device_id, [reading(801, {"body.weight": 80})])
        await site.until(COUNT, equals=1)
        cutting = asyncio.create_task(cut(stop))
        await publish(site, device.device_id, [reading(seq, {"body.weight": 80}) for seq in range(1, 801)])
        await asyncio.sleep(1)
        stop.set()
        await cutting
        await site.until(COUNT, equals=801)
        assert service.figures.held["connection"] + service.figures.held["57P01"] > 0
    assert site.one("SELECT sum(amount) FROM usage_day") == 801


@pytest.mark.parametrize("left", ["pipeline", "transaction", "broken"])
async def test_a_line_left_in_the_middle_of_something_is_replaced(site: Site, add_device: AddDevice, left: str) -> None:
    """An error that arrives within a pipeline can leave the line there: then it is neither usable nor closed."""
    device = add_device("scale", PLAIN_SCALE)
    async with Desk(site) as desk:
        await desk.take(delivery(device.device_id, reading(1, {"body.weight": 80})))
        line = desk.writer._connection
        assert line is not None
        if left == "pipeline":
            line.pgconn.enter_pipeline_mode()
        elif left == "transaction":
            await line.execute("BEGIN")
        else:
            site.ask("SELECT pg_terminate_backend(%s, 5000)", line.info.backend_pid)
        async with asyncio.timeout(10):
            await desk.take(delivery(device.device_id, reading(2, {"body.weight": 80})))
        assert line.closed
    assert site.one(COUNT) == 2
    assert site.one("SELECT sum(amount) FROM usage_day") == 2


async def test_an_error_that_leaves_the_line_in_its_pipeline_does_not_hold_ingest_for_ever(
    site: Site, add_device: AddDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server that stops may do it: the error is read, the line's end is not, and the pipeline cannot be left."""
    device = add_device("scale", PLAIN_SCALE)
    leave = psycopg.AsyncPipeline._exit
    refused: list[psycopg.AsyncPipeline] = []

    def cannot_leave_once(pipeline: psycopg.AsyncPipeline, error: BaseException | None) -> None:
        if refused:
            return leave(pipeline, error)
        refused.append(pipeline)
        pipeline.level -= 1
        raise psycopg.OperationalError("cannot exit pipeline mode with uncollected results")

    async with Desk(site) as desk:
        await desk.take(delivery(device.device_id, reading(1, {"body.weight": 80})))
        monkeypatch.setattr(psycopg.AsyncPipeline, "_exit", cannot_leave_once)
        async with asyncio.timeout(10):
            await desk.take(delivery(device.device_id, reading(2, {"body.weight": 80})))
        assert refused
        assert desk.held == ["connection"]
    assert site.one(COUNT) == 2
    assert site.one("SELECT sum(amount) FROM usage_day") == 2


@pytest.mark.timeout(180)
async def test_an_orderly_restart_of_the_broker_loses_nothing(own_servers: tuple[Site, Postgres, str]) -> None:
    site, _, device_id = own_servers
    async with running(site.service(batch=50)) as service:
        await publish(site, device_id, [reading(seq, {"body.weight": 80}) for seq in range(1, 501)])
        await asyncio.to_thread(site.broker.stop)
        await asyncio.to_thread(site.broker.start)
        await publish(site, device_id, [reading(seq, {"body.weight": 80}) for seq in range(501, 1001)])
        await site.until(COUNT, equals=1000)
        assert service.figures.connections_lost > 0
        assert service.figures.sessions_lost == 0


@pytest.mark.timeout(180)
async def test_a_broker_that_forgot_the_session_is_noticed(own_servers: tuple[Site, Postgres, str]) -> None:
    site, _, device_id = own_servers
    async with running(site.service()) as service:
        await publish(site, device_id, [reading(1, {"body.weight": 80})])
        await site.until(COUNT, equals=1)
        await asyncio.to_thread(site.broker.kill)  # within 30 s of its start: the session was never saved
        await asyncio.to_thread(site.broker.start)
        async with asyncio.timeout(20):
            while not (service.figures.sessions_lost and service.figures.connected):  # noqa: ASYNC110 - figures have no event
                await asyncio.sleep(0.05)
        await publish(site, device_id, [reading(2, {"body.weight": 80})])
        await site.until(COUNT, equals=2)


async def test_a_session_lost_while_ingest_was_away_is_noticed_at_its_next_start(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    async with running(site.service()) as service:
        await publish(site, device.device_id, [reading(1, {"body.weight": 80})])
        await site.until("SELECT count(*) FROM ingest_watermark", equals=1)
        assert service.figures.sessions_lost == 0
    async with site.consumer(clean_start=True, session_expiry_seconds=0):
        pass
    async with running(site.service()) as service:
        assert service.figures.sessions_lost == 1


async def test_what_arrives_while_ingest_is_away_is_stored_when_it_is_back(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    async with running(site.service()):
        pass
    await publish(site, device.device_id, [reading(seq, {"body.weight": 80}) for seq in range(1, 301)])
    async with running(site.service()):
        await site.until(COUNT, equals=300)


async def test_an_orderly_stop_acknowledges_all_that_it_stored(site: Site, add_device: AddDevice) -> None:
    """What is stored is not delivered again, and what is delivered again is not stored."""
    device = add_device("scale", PLAIN_SCALE)
    bodies = [reading(seq, {"body.weight": 80}) for seq in range(1, 601)]
    async with running(site.service(batch=20)) as service:
        publishing = asyncio.create_task(publish(site, device.device_id, bodies))
        await asyncio.sleep(0.3)
    stored = site.one(COUNT)
    assert service.counted().acknowledged >= stored
    await publishing
    async with running(site.service()) as service:
        await site.until(COUNT, equals=600)
        assert service.figures.repeated == 0


async def test_the_watermark_stands_still_while_the_database_lags_and_moves_when_idle(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    at = "SELECT at FROM ingest_watermark"
    async with running(site.service()) as service:
        await publish(site, device.device_id, [reading(1, {"body.weight": 80})])
        await site.until(COUNT, equals=1)
        await site.until("SELECT (statistics ->> 'stored')::int FROM ingest_watermark", equals=1)
        idle = site.one(at)
        await site.until("SELECT at > %s FROM ingest_watermark", idle, equals=True)  # an idle shard has stored all
        with psycopg.connect(site.superuser_url) as blocking:
            blocking.execute("LOCK TABLE reading_scale IN ACCESS EXCLUSIVE MODE")
            await publish(site, device.device_id, [reading(2, {"body.weight": 80})])
            await site.until("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", equals=True)
            await asyncio.sleep(2.5)
            with psycopg.connect(site.superuser_url) as other:
                held = other.execute(at.encode()).fetchone()
                await asyncio.sleep(2.5)
                assert other.execute(at.encode()).fetchone() == held, "it must not pass what is not stored"
        await site.until(COUNT, equals=2)
        assert service.figures.lag_seconds is not None


async def test_a_zombie_that_stores_the_same_at_the_same_time_doubles_nothing(
    site: Site, add_device: AddDevice
) -> None:
    """Two processes with the same batch, as when a stopped one wakes after its standby took over."""
    device = add_device("scale", PLAIN_SCALE)
    messages = [delivery(device.device_id, reading(seq, {"body.weight": 80})) for seq in range(1, 401)]
    async with Desk(site) as one, Desk(site) as other:
        for start in range(0, 400, 50):
            batch = messages[start : start + 50]
            await asyncio.gather(one.take(*batch), other.take(*reversed(batch)))
    assert site.one(COUNT) == 400
    assert site.one("SELECT sum(amount) FROM usage_day") == 400


async def test_a_database_behind_this_release_is_refused_with_what_to_do(site: Site) -> None:
    site.command("ALTER TABLE reading_scale DROP COLUMN body_weight CASCADE")
    with pytest.raises(ConfigurationError, match=r"reading_scale\.body_weight: run this release's `fjarrkoll migrate`"):
        await site.service().serve()


async def test_a_failure_beside_the_stream_stops_the_process_aloud(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watermark that silently stood still would look like a shard that lags, for ever."""

    async def fail(_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Service, "_write_watermark", fail)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await site.service().serve()
