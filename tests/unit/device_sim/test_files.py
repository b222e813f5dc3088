"""Fleet file and ledger: what is written is what is read, passwords are private, and a wrong file says what to do."""

from pathlib import Path

import pytest

from device_sim.fleet_file import FleetEntry, read_fleet, write_fleet
from device_sim.ledger import Ledger, read_ledger
from fleet.errors import ConfigurationError
from fleet.topics import Verb

ENTRY = FleetEntry(device_id="scl-0001", password="p", device_class="scale", model="mi-body-composition-2")


def test_a_fleet_comes_back_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "fleet.jsonl"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)
    write_fleet(path, [ENTRY, ENTRY])
    assert read_fleet(path) == [ENTRY, ENTRY]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["fleet.jsonl"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "enroll devices first"),
        (b"{}\n", "missing required field"),
        (b"not json\n", "one JSON object per line"),
        (b"\xff\n", "one JSON object per line"),
        (b'{"device_id":"a/b","password":"p","device_class":"scale","model":"m"}', "'a/b' is no device id"),
    ],
)
def test_a_wrong_fleet_file_says_what_to_do(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "fleet.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        read_fleet(path)


def test_a_ledger_keeps_what_earlier_runs_noted(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "ledger"
    for boot in (1, 2):
        with Ledger(path) as ledger:
            ledger.note("scl-0001", boot, 7, Verb.EVENT)
            ledger.flush()
            assert len(list(read_ledger(path))) == boot
    assert list(read_ledger(path)) == [("scl-0001", 1, 7, Verb.EVENT), ("scl-0001", 2, 7, Verb.EVENT)]


def test_a_ledger_without_a_path_only_counts() -> None:
    with Ledger() as ledger:
        ledger.note("scl-0001", 1, 1, Verb.REPLY)
        ledger.flush()
    assert ledger.entries == 1
