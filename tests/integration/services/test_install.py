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
    root = server_folder / "machine"
    _copy_of_links(binaries.postgres.parents[5], root)
    _copy_of_links(binaries.mosquitto.parents[2], root)
    own = install(server_folder / "cache", machine=root)
    assert (own.fetched, own.postgres.resolve()) == (False, binaries.postgres)
    assert own.mosquitto.resolve() == binaries.mosquitto
    assert not (server_folder / "cache").exists()


def _copy_of_links(tree: Path, root: Path) -> None:
    """One folder with links to all files of a tree, as if both servers were installed in it."""
    for path in tree.rglob("*"):
        if path.is_file():
            link = root / path.relative_to(tree)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(path.resolve())


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

    def interrupted(work: Path, _selection: debian.Selection, _progress: debian.Progress) -> list[Path]:
        assert not (work / "leftover").exists()
        (work / "leftover").touch()
        begun.append(work)
        raise KeyboardInterrupt

    monkeypatch.setattr(debian, "_download", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            debian.fetch(server_folder, debian.DATABASE, lambda _: None)
    assert len(begun) == 2
    assert not debian.DATABASE.tree(server_folder).exists()


def test_two_fetches_at_once_build_one_tree(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []
    gate = threading.Barrier(2)

    def build(cache: Path, selection: debian.Selection, _progress: debian.Progress) -> None:
        built.append(selection.tree(cache))
        selection.tree(cache).mkdir()

    def fetch() -> None:
        gate.wait(10)
        debian.fetch(server_folder, debian.DATABASE, lambda _: None)

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
        debian.fetch(server_folder / "cache", debian.DATABASE, lambda _: None)


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="the message comes from apt")
def test_an_unreachable_mirror_gives_an_error_that_says_what_to_do(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 9 of this machine: nobody listens, so apt is refused at once.
    source = Source("http://127.0.0.1:9/debian", "bookworm", ("main",))
    monkeypatch.setattr(debian, "machine_sources", lambda _folder: [source])
    monkeypatch.setattr(debian, "_codename", lambda: "bookworm")
    with pytest.raises(InstallError, match=r"Check that `apt-get update` works here"):
        debian.fetch(server_folder / "cache", debian.DATABASE, lambda _: None)


def test_the_older_broker_is_taken_where_the_mirror_lacks_the_newer_and_is_not_asked_for_again(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[debian.Selection] = []
    said: list[str] = []

    def build(cache: Path, selection: debian.Selection, _progress: debian.Progress) -> None:
        asked.append(selection)
        if selection is debian.BROKER:
            raise InstallError("no such release\nand more")
        selection.tree(cache).mkdir()

    monkeypatch.setattr(debian, "_build", build)
    for _ in range(2):
        assert debian.fetch_broker(server_folder, said.append) == debian.OLDER_BROKER.tree(server_folder)
    assert asked == [debian.BROKER, debian.OLDER_BROKER]
    assert len(said) == 1
    assert "(no such release)" in said[0]
    assert str(debian.OLDER_BROKER.tree(server_folder)) in said[0], "what to remove for another try"


def test_the_newer_broker_is_taken_where_it_is_there_already(server_folder: Path) -> None:
    for selection in (debian.BROKER, debian.OLDER_BROKER):
        selection.tree(server_folder).mkdir(parents=True)
    assert debian.fetch_broker(server_folder, pytest.fail) == debian.BROKER.tree(server_folder)


def test_libraries_get_the_names_that_programs_ask_for(binaries: Binaries, server_folder: Path) -> None:
    library = next(binaries.mosquitto.parents[2].glob("usr/lib/*/libcjson.so.1.*"))
    shutil.copy(library, server_folder)
    debian._name_libraries(server_folder)
    assert (server_folder / "libcjson.so.1").exists()


@pytest.mark.parametrize(("version", "enough"), [("2.19.3", True), ("2.31.0", True), ("2.9.3", False), ("3.0.0", True)])
def test_the_machines_own_timescaledb_must_be_new_enough(server_folder: Path, version: str, enough: bool) -> None:
    folder = server_folder / "usr/share/postgresql/17/extension"
    assert not fits(server_folder)
    folder.mkdir(parents=True)
    (folder / "timescaledb.control").write_text(f"default_version = '{version}'\n")
    assert fits(server_folder) is enough
