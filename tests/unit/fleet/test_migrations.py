"""A migration that has landed is never changed: a database that ran it would miss the change."""

import hashlib
from pathlib import Path

import pytest

from fleet.plumbing.migrations import files

FOLDER = Path(files.__file__).with_name("sql")
VERSIONS = Path(files.__file__).with_name("versions")


def sums(folder: Path) -> dict[str, str]:
    """The recorded sum of each file."""
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: found for found, name in (line.split("  ", 1) for line in lines)}


def changed(folder: Path) -> set[str]:
    """Files that are not as recorded, not recorded, or gone."""
    recorded = sums(folder)
    real = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.sql")}
    return {name for name in real.keys() | recorded.keys() if real.get(name) != recorded.get(name)}


def test_what_has_landed_is_as_it_was() -> None:
    assert changed(FOLDER) == set(), "write a new migration instead (CONTRIBUTING.md); a new one adds its line"


@pytest.mark.parametrize("name", ["0001_initial.sql", "0014_wear.sql"])
def test_a_changed_file_would_be_found(tmp_path: Path, name: str) -> None:
    for file in (*FOLDER.glob("*.sql"), FOLDER / "SHA256SUMS"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes((FOLDER / name).read_bytes() + b"-- one more word\n")
    assert changed(tmp_path) == {name}


def test_versions_follow_each_other_without_a_gap() -> None:
    numbers = sorted(path.name[:4] for path in VERSIONS.glob("0*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
