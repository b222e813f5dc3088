"""The watch over a real database: a dead engine is told without the worker; ladders and silences set from a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from typer.testing import CliRunner

from diagnostics.notify.webhook import Webhook
from fjarrkoll.ladders import cli as ladder_cli
from fjarrkoll.ladders import silence
from fjarrkoll.watch.judging import PARTS, Trouble
from fjarrkoll.watch.watching import ROTA_EVERY, Watch
from fleet.plumbing.settings import Settings
from tests.fixtures.database import Database, MakeDevice, MakePayer
from tests.integration.diagnostics.receiver import receiving
from tests.unit.ladders.test_file import GOOD

SECRET = "the-watchs-own-secret"


def pulse(database: Database, part: str, seconds_ago: float) -> None:
    with psycopg.connect(database.worker) as connection:
        connection.execute(
            "INSERT INTO worker_pulse VALUES (%s, now() - make_interval(secs => %s))"
            " ON CONFLICT (part) DO UPDATE SET at = excluded.at",
            [part, seconds_ago],
        )


def settings(database: Database) -> Settings:
    return Settings(_env_file=None, worker_database_url=SecretStr(database.worker))


async def test_a_dead_engine_is_told_by_the_watchs_own_channel_and_once_when_it_lives(database: Database) -> None:
    for part in PARTS:
        pulse(database, part, 1)
    async with receiving() as operator:
        channel = Webhook(operator.url, SECRET, allow_private=True)
        watch = Watch(settings(database), [(channel, "")])
        assert await watch.once() == set()
        pulse(database, "judging", 61)
        assert await watch.once() == {Trouble.JUDGING}
        assert await watch.once() == {Trouble.JUDGING}
        pulse(database, "judging", 1)
        assert await watch.once() == set()
        await channel.close()
    said = [request.body.decode() for request in operator.got]
    assert len(said) == 2
    assert '"begun": ["engine_dead"]' in said[0]
    assert '"over": ["engine_dead"]' in said[1]


async def test_a_rota_that_runs_out_is_told_before_it_does_and_is_looked_at_again_every_day(database: Database) -> None:
    """It was whole when it was set; time alone has brought its end near."""
    for part in PARTS:
        pulse(database, part, 1)
    set_rota(database, ends_after_days=60)
    watch = Watch(settings(database), [])
    assert await watch.once() == set()
    set_rota(database, ends_after_days=7)
    assert await watch.once() == set(), "looked at a moment ago"
    watch._rota_at = datetime.now(UTC) - ROTA_EVERY
    assert await watch.once() == {Trouble.ROTA}
    assert await watch.once() == {Trouble.ROTA}
    set_rota(database, ends_after_days=60)
    watch._rota_at = datetime.now(UTC) - ROTA_EVERY
    assert await watch.once() == set()


def set_rota(database: Database, *, ends_after_days: int) -> None:
    last = (datetime.now(UTC) + timedelta(days=ends_after_days)).date().isoformat()
    step = {"wait_minutes": 3, "call": [{"recipient": "home-care", "last_day": last}]}
    document = {"code": "person", "steps": [step], "last_resort": ["home-care"]}
    with psycopg.connect(database.owner) as connection:
        row = connection.execute(
            "INSERT INTO recipient (code, role) VALUES ('home-care', 'carer')"
            " ON CONFLICT (code) DO UPDATE SET role = 'carer' RETURNING recipient_id"
        ).fetchone()
        connection.execute(
            "INSERT INTO recipient_address VALUES (%s, 'sms', '+46700000001', 0) ON CONFLICT DO NOTHING", row
        )
        connection.execute(
            "INSERT INTO ladder (code, document, set_by) VALUES ('person', %s, 'test')"
            " ON CONFLICT (code) DO UPDATE SET document = excluded.document",
            [Jsonb(document)],
        )


async def test_what_the_broker_threw_away_is_told_as_long_as_it_is_news(database: Database) -> None:
    for part in PARTS:
        pulse(database, part, 1)
    thrown_away = (
        "INSERT INTO ingest_minute (shard, minute, lag_seconds, messages, stored, duplicates, redelivered,"
        " broker_dropped, held, connections_lost, sessions_lost, outbox_reports, outbox_messages, outbox_most)"
        " VALUES (%s, now() - make_interval(mins => %s), 1, 1, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0)"
    )
    watch = Watch(settings(database), [])
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(thrown_away, ["ingest-0", 20])
        assert await watch.once() == set()
        owner.execute(thrown_away, ["ingest-1", 1])
        assert await watch.once() == {Trouble.DROPPED}


async def test_what_the_operator_did_not_hear_is_told_again(database: Database) -> None:
    for part in PARTS:
        pulse(database, part, 61)
    async with receiving(lambda n: b"HTTP/1.1 500 X\r\n\r\n" if n < 3 else b"HTTP/1.1 204 X\r\n\r\n") as operator:
        channel = Webhook(operator.url, SECRET, allow_private=True)
        watch = Watch(settings(database), [(channel, "")])
        for _ in range(5):
            await watch.once()
        await channel.close()
    assert len(operator.got) == 3


async def test_a_database_that_is_gone_is_told_without_it(database: Database) -> None:
    gone = settings(database)
    gone.worker_database_url = SecretStr("postgresql://nobody@127.0.0.1:1/none")
    async with receiving() as operator:
        channel = Webhook(operator.url, SECRET, allow_private=True)
        assert await Watch(gone, [(channel, "")]).once() == {Trouble.DATABASE}
        await channel.close()
    assert len(operator.got) == 1


@pytest.fixture
def runner(database: Database, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("FJARRKOLL_OWNER_DATABASE_URL", database.owner)
    return CliRunner()


def test_a_ladder_is_set_from_a_file_after_a_dry_run_and_shown_without_addresses(
    runner: CliRunner, database: Database, tmp_path: Path, make_payer: MakePayer, make_device: MakeDevice
) -> None:
    file = tmp_path / "ladder.toml"
    file.write_text(GOOD)
    dry = runner.invoke(ladder_cli.app, ["set", str(file), "--dry-run"])
    assert "nothing was changed" in dry.output
    with psycopg.connect(database.owner) as connection:
        assert connection.execute("SELECT FROM ladder").rowcount == 0
    assert runner.invoke(ladder_cli.app, ["set", str(file)]).exit_code == 0
    shown = runner.invoke(ladder_cli.app, ["show"]).output + runner.invoke(ladder_cli.app, ["show", "--json"]).output
    assert "home-care" in shown
    assert "+467" not in shown
    assert "example.org" not in shown
    assert runner.invoke(ladder_cli.app, ["check"]).exit_code == 0
    file.write_text(GOOD.replace('call = ["home-care"]', 'call = [{ recipient = "home-care", when = ["day"] }]'))
    refused = runner.invoke(ladder_cli.app, ["set", str(file)])
    assert "gap 1" in str(refused.exception)
    with psycopg.connect(database.owner) as connection:
        connection.execute("UPDATE recipient SET active = false")
    assert runner.invoke(ladder_cli.app, ["check"]).exit_code == 1
    device = make_device("scale", loan=(make_payer(), "HSL"))
    added = runner.invoke(
        silence.app, ["add", "--hours", "2", "--reason", "moving house", "--device", device.device_id]
    )
    assert added.exit_code == 0
    assert "moving house" in runner.invoke(silence.app, ["list", "--json"]).output
    assert runner.invoke(silence.app, ["end", "1"]).exit_code == 0
    assert "moving house" not in runner.invoke(silence.app, ["list", "--json"]).output
