import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, InstallError, debian, install
from fjarrkoll.services.apt_sources import Source
from fjarrkoll.services.binaries import fits


def test_a_second_install_does_nothing_and_says_nothing(binaries: Binaries) -> None:
    said: list[str] = []
    assert install(progress=said.append) == binaries
    assert said == []


def test_servers_installed_on_the_machine_are_used_and_nothing_is_fetched(
    binaries: Binaries, server_folder: Path
) -> None:
    root = binaries.postgres.parents[5]
    own = install(server_folder / "cache", machine=root)
    assert (own.fetched, own.postgres) == (False, binaries.postgres)
    assert not (server_folder / "cache").exists()


@pytest.mark.parametrize(
    ("program", "version"),
    [
        ("postgres", "(PostgreSQL) 17."),
        ("psql", "(PostgreSQL) 17."),
        ("pg_dump", "17."),
        ("mosquitto", "mosquitto version 2."),
    ],
)
def test_each_program_runs_directly(binaries: Binaries, program: str, version: str) -> None:
    flag = "-h" if program == "mosquitto" else "--version"
    done = subprocess.run([getattr(binaries, program), flag], capture_output=True, text=True, check=False)
    assert version in done.stdout


def test_an_interrupted_fetch_leaves_nothing_trusted_and_the_next_begins_anew(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Path] = []

    def interrupted(work: Path, _progress: debian.Progress) -> list[Path]:
        assert not (work / "leftover").exists()
        (work / "leftover").touch()
        begun.append(work)
        raise KeyboardInterrupt

    monkeypatch.setattr(debian, "_download", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            debian.fetch(server_folder, lambda _: None)
    assert len(begun) == 2
    assert not [
        path for path in server_folder.iterdir() if path.name.startswith(debian.RELEASE) and path.suffix != ".work"
    ]


def test_two_fetches_at_once_build_one_tree(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []
    gate = threading.Barrier(2)

    def build(_cache: Path, target: Path, _progress: debian.Progress) -> None:
        built.append(target)
        target.mkdir()

    def fetch() -> None:
        gate.wait(10)
        debian.fetch(server_folder, lambda _: None)

    monkeypatch.setattr(debian, "_build", build)
    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(built) == 1


def test_without_apt_the_error_says_what_to_do(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(server_folder))
    with pytest.raises(InstallError, match=r"apt-get is missing.*docker-compose"):
        debian.fetch(server_folder / "cache", lambda _: None)


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="the message comes from apt")
def test_an_unreachable_mirror_gives_an_error_that_says_what_to_do(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 9 of this machine: nobody listens, so apt is refused at once.
    source = Source("http://127.0.0.1:9/debian", "bookworm", ("main",))
    monkeypatch.setattr(debian, "machine_sources", lambda _folder: [source])
    monkeypatch.setattr(debian, "_codename", lambda: "bookworm")
    with pytest.raises(InstallError, match=r"Check that `apt-get update` works here"):
        debian.fetch(server_folder / "cache", lambda _: None)


@pytest.mark.parametrize(("version", "enough"), [("2.19.3", True), ("2.31.0", True), ("2.9.3", False), ("3.0.0", True)])
def test_the_machines_own_timescaledb_must_be_new_enough(server_folder: Path, version: str, enough: bool) -> None:
    folder = server_folder / "usr/share/postgresql/17/extension"
    assert not fits(server_folder)
    folder.mkdir(parents=True)
    (folder / "timescaledb.control").write_text(f"default_version = '{version}'\n")
    assert fits(server_folder) is enough
