import os
import subprocess
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from fjarrkoll.services import Binaries, Postgres, StartError
from fjarrkoll.services import postgres as module
from fjarrkoll.services.process import free_port


def ask(server: Postgres, query: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_timescaledb_is_there_and_new_enough(postgres: Postgres) -> None:
    ask(postgres, "CREATE EXTENSION IF NOT EXISTS timescaledb")
    ((version,),) = ask(postgres, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
    assert tuple(int(part) for part in str(version).split(".")[:2]) >= (2, 19)


def test_it_listens_on_this_machine_only_and_wants_a_password(postgres: Postgres) -> None:
    assert ask(postgres, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert ask(postgres, "SHOW unix_socket_directories") == [("",)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=postgres.host, port=postgres.port, user="postgres", dbname="postgres", password="wrong")


def test_it_never_runs_as_root_and_its_secrets_are_closed(postgres: Postgres, services_folder: Path) -> None:
    assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
    password = services_folder / "postgres" / "private" / "superuser-password"
    assert password.stat().st_mode & 0o777 == 0o600


def test_swedish_time_zone_and_sorting_are_known(postgres: Postgres) -> None:
    assert ask(
        postgres, "SELECT extract(hour FROM timestamptz '2026-07-01 12:00Z' AT TIME ZONE 'Europe/Stockholm')::int"
    ) == [(14,)]
    assert ask(
        postgres, """SELECT string_agg(x, '' ORDER BY x COLLATE "sv-x-icu") FROM unnest('{ö,ä,z,å}'::text[]) x"""
    ) == [("zåäö",)]


def test_a_committed_row_survives_a_kill_and_an_uncommitted_one_does_not(
    binaries: Binaries, server_folder: Path
) -> None:
    with Postgres(binaries, server_folder, durable=True) as server:
        ask(server, "CREATE TABLE kept (x int)")
        port = server.port
        with psycopg.connect(server.superuser_dsn()) as connection:
            connection.execute("INSERT INTO kept VALUES (1)")
            connection.commit()
            connection.execute("INSERT INTO kept VALUES (2)")
            server.kill()
            assert not server.running
            connection.close()
        server.start()
        assert server.port == port
        assert ask(server, "SELECT x FROM kept") == [(1,)]


def test_durable_keeps_the_promises_and_tests_do_not(
    binaries: Binaries, postgres: Postgres, server_folder: Path
) -> None:
    query: LiteralString = (
        "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
    )
    assert set(ask(postgres, query)) == {("off",)}
    with Postgres(binaries, server_folder, durable=True, settings={"work_mem": "7MB"}) as server:
        assert set(ask(server, query)) == {("on",)}
        assert ask(server, "SHOW work_mem") == [("7MB",)]


def test_data_and_password_are_there_for_the_next_block(binaries: Binaries, server_folder: Path) -> None:
    with Postgres(binaries, server_folder) as server:
        ask(server, "CREATE TABLE kept (x int)")
    with Postgres(binaries, server_folder) as server:
        server.stop_immediately()
        server.start()
        assert ask(server, "SELECT * FROM kept") == []


def test_a_port_lost_to_another_program_is_exchanged_for_a_free_one(
    binaries: Binaries, postgres: Postgres, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([postgres.port, free_port()])
    monkeypatch.setattr(module, "free_port", lambda: next(ports))
    with Postgres(binaries, server_folder) as server:
        assert server.port != postgres.port
        assert ask(server, "SELECT 1") == [(1,)]


def test_a_wrong_setting_stops_the_start_with_the_servers_own_words(binaries: Binaries, server_folder: Path) -> None:
    with pytest.raises(StartError, match="no_such_setting"):
        Postgres(binaries, server_folder, settings={"no_such_setting": "1"}).start()


def test_tools_reach_it_with_the_dsn(binaries: Binaries, postgres: Postgres) -> None:
    done = subprocess.run(
        [binaries.psql, postgres.superuser_dsn(), "-Atc", "SELECT 40 + 2"], capture_output=True, check=True
    )
    assert done.stdout == b"42\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are closed to the servers' account")
def test_a_folder_that_the_account_cannot_reach_works_too(binaries: Binaries, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with Postgres(binaries, tmp_path / "closed") as server:
        assert ask(server, "SELECT 1") == [(1,)]
        assert server.log_path == tmp_path / "closed" / "postgres.log"
