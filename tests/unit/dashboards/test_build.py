import json
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.build import COMMITTED, all_dashboards, differences, files, write
from dashboards.check import problems, shared_problems
from dashboards.dashboard import Dashboard, Folder
from dashboards.device_class import bucket, technical_measures, technical_metrics
from dashboards.ingest_health import COUNTERS
from dashboards.queries import FOLDER
from fleet.profile import DeviceProfile
from fleet.registry import build_registry, load_registry
from fleet.signals import Kind, Metric
from fleet.text import Text
from ingest.consumer import ConsumerStatistics
from ingest.figures import Figures

BOARDS = all_dashboards(load_registry())


def test_what_is_committed_is_what_the_code_builds() -> None:
    assert differences(files(BOARDS), COMMITTED) == [], "run `fjarrkoll dashboards build`"


def test_building_twice_gives_the_same_bytes() -> None:
    assert files(all_dashboards(load_registry())) == files(BOARDS)


def test_a_stale_missing_or_left_over_file_is_found_and_mended(tmp_path: Path) -> None:
    wanted = files(BOARDS)
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []
    (tmp_path / "hmc" / "fk-overview.json").write_text("{}", encoding="utf-8")
    (tmp_path / "hmc" / "fk-old.json").write_text("{}", encoding="utf-8")
    (tmp_path / "operations" / "fk-ingest-health.json").unlink()
    wrong = ["hmc/fk-old.json", "hmc/fk-overview.json", "operations/fk-ingest-health.json"]
    assert differences(wanted, tmp_path) == wrong
    assert write(wanted, tmp_path) == wrong
    assert differences(wanted, tmp_path) == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_every_dashboard_is_sound(board: Dashboard) -> None:
    assert problems(board.to_json()) == []


def test_uids_are_unique_and_the_old_ones_stay() -> None:
    assert shared_problems([board.to_json() for board in BOARDS]) == []
    lasting = {
        "fk-overview",
        "fk-idle",
        "fk-ingest-health",
        "fk-alarms",
        "fk-class-apap",
        "fk-class-dispenser",
        "fk-class-scale",
        "fk-class-wheelchair",
    }
    assert lasting <= {board.uid for board in BOARDS}
    assert shared_problems([BOARDS[0].to_json(), BOARDS[0].to_json()]) == ["uid fk-overview is used by 2 dashboards"]


@pytest.mark.parametrize("profile", list(load_registry()), ids=lambda profile: profile.name)
def test_every_profile_has_a_dashboard_with_all_it_may_show_and_nothing_else(profile: DeviceProfile) -> None:
    board = next(board for board in BOARDS if board.uid == f"fk-class-{profile.name}")
    text = json.dumps(board.to_json(), ensure_ascii=False)
    assert board.title == profile.title.sv
    for metric in profile.metrics:
        shown = f"r.{metric.column} " in text or f"r.{metric.column})" in text
        assert shown == (metric in technical_metrics(profile)), metric.key
    drawn = {measure.name for measure in technical_measures(profile)}
    for measure in profile.usage.measures:
        assert (f"measure = '{measure.name}'" in text) == (measure.name in drawn)
    assert profile.usage.reason.sv in text


def test_doses_weighings_and_time_in_bed_are_not_drawn_for_technicians() -> None:
    registry = load_registry()
    assert technical_measures(registry["dispenser"]) == technical_measures(registry["scale"]) == []
    assert {measure.name for measure in technical_measures(registry["wheelchair"])} >= {"drive_minutes", "charges"}


def test_a_new_class_gets_its_dashboard_from_its_profile_alone() -> None:
    scale = load_registry()["scale"]
    novel = replace(scale, name="novel", title=Text("Nyhet", "Novelty"))
    boards = all_dashboards(build_registry([("novel.py", novel)]))
    assert [board.uid for board in boards] == [
        "fk-overview",
        "fk-alarms",
        "fk-class-novel",
        "fk-ingest-health",
        "fk-idle",
    ]
    assert problems(boards[2].to_json()) == []
    assert "reading_novel_technical" in json.dumps(boards[3].to_json())


def test_each_audience_has_its_folder() -> None:
    assert {board.folder for board in BOARDS} == set(Folder)
    assert len({folder.uid for folder in Folder}) == len({folder.directory for folder in Folder}) == len(Folder)


def test_every_sql_file_is_used() -> None:
    text = json.dumps([board.to_json() for board in BOARDS], ensure_ascii=False)
    for path in FOLDER.rglob("*.sql"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert lines[0].startswith("--"), f"{path.name} does not say what it asks"
        plain = [line for line in lines if not line.startswith("--") and "<<" not in line]
        assert all(json.dumps(line, ensure_ascii=False)[1:-1] in text for line in plain), f"{path.name} is not used"


def test_clinical_and_care_values_are_nowhere() -> None:
    text = json.dumps([board.to_json() for board in BOARDS], ensure_ascii=False)
    assert "_clinical" not in text
    assert "_care" not in text


@pytest.mark.parametrize(
    ("cadence", "wanted"), [(None, "5m"), (60, "5m"), (1_800, "30m"), (3_600, "1h"), (5_400, "2h"), (86_400, "1d")]
)
def test_a_curve_is_no_finer_than_the_device_reports(cadence: int | None, wanted: str) -> None:
    metric = Metric(key="a.b", unit="V", title=Text("a", "a"), low=0, high=1, kind=Kind.NUMBER, cadence_seconds=cadence)
    assert bucket(metric) == wanted


def test_every_counter_of_ingest_has_a_swedish_name() -> None:
    assert Figures().as_json(ConsumerStatistics()).keys() == COUNTERS.keys()
