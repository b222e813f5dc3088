import os
from pathlib import Path

import pytest

from fjarrkoll.services import places
from fjarrkoll.services.places import Account, cache_folder, private_folder, reachable, service_account

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers over to another account")
NOBODY = Account(65534, 65534)


def test_the_service_account_is_never_root() -> None:
    assert service_account().uid != 0


@needs_root
def test_a_closed_folder_on_the_way_is_noticed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert not reachable(tmp_path / "a" / "b", NOBODY)
    assert reachable(Path("/usr/bin"), NOBODY)


@needs_root
def test_the_cache_of_root_is_where_the_account_can_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == places.ROOT_CACHE
    assert cache_folder({"XDG_CACHE_HOME": "/usr"}) == Path("/usr/fjarrkoll")


@needs_root
def test_behind_closed_doors_the_private_folder_is_elsewhere_the_same_each_time_and_swept_when_orphaned(
    tmp_path: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOT_STATE", server_folder / "state")
    tmp_path.chmod(0o700)
    first = private_folder(tmp_path / "one", NOBODY)
    assert first.is_relative_to(server_folder / "state")
    assert reachable(first, NOBODY)
    assert private_folder(tmp_path / "one", NOBODY) == first
    assert (tmp_path / "one" / "private").resolve() == first
    (tmp_path / "one").rename(tmp_path / "gone")
    private_folder(tmp_path / "two", NOBODY)
    assert not first.exists()


@needs_root
def test_in_the_open_the_private_folder_is_just_there_and_closed_to_others(server_folder: Path) -> None:
    folder = private_folder(server_folder, NOBODY)
    assert folder == server_folder / "private"
    assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (NOBODY.uid, 0o700)
