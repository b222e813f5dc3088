"""Files of others are there unchanged, with their licence, and every script and style of the console is one we know."""

import hashlib
import re
from pathlib import Path

import pytest

from diagnostics.console import pages

VENDOR = Path(pages.__file__).parent / "static" / "vendor"
_ROW = re.compile(
    r"^\| `([\w-]+)/` \| `([@\w./-]+)`.*\| (\d+\.\d+\.\d+) \| .*`\1/LICENSE` \| `sha512-[\w+/]{86}==` \|$"
)


def sums() -> dict[str, str]:
    """The recorded sum of each file."""
    lines = (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: found for found, name in (line.split("  ", 1) for line in lines)}


def changed(folder: Path, recorded: dict[str, str]) -> set[str]:
    """Files whose content is not the recorded one, that are not recorded, or that are gone."""
    there = {str(path.relative_to(folder)): path for path in folder.glob("*/**/*") if path.is_file()}
    real = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    return {name for name in real.keys() | recorded.keys() if real.get(name) != recorded.get(name)}


def test_every_file_of_others_is_unchanged() -> None:
    assert len(sums()) > 20
    assert changed(VENDOR, sums()) == set()


@pytest.mark.parametrize("name", ["htmx/htmx.min.js", "uplot/uPlot.iife.min.js"])
def test_a_changed_or_a_new_file_would_be_found(tmp_path: Path, name: str) -> None:
    for file in sums():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes((VENDOR / file).read_bytes())
    (tmp_path / name).write_bytes((VENDOR / name).read_bytes() + b"//")
    (tmp_path / "htmx" / "more.js").write_bytes(b"")
    assert changed(tmp_path, sums()) == {name, "htmx/more.js"}, "otherwise the test above proves nothing"


def test_every_folder_has_its_licence_and_its_row_with_version_and_checksum() -> None:
    folders = {path.name for path in VENDOR.iterdir() if path.is_dir()}
    rows = [_ROW.match(line) for line in (VENDOR / "NOTICE.md").read_text("utf-8").splitlines()]
    assert {row[1] for row in rows if row} == folders
    assert all("ermission" in (VENDOR / name / "LICENSE").read_text("utf-8") for name in folders)


def test_htmx_evaluates_nothing_keeps_nothing_and_asks_nobody_else() -> None:
    wanted = {"allowEval": False, "includeIndicatorStyles": False, "selfRequestsOnly": True, "historyCacheSize": 0}
    assert wanted.items() <= pages.HTMX.items()
    known = (VENDOR / "htmx" / "htmx.min.js").read_text("utf-8")
    assert [name for name in pages.HTMX if f"{name}:" not in known] == [], "a setting that this htmx does not know"
