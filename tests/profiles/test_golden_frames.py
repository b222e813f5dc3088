"""Every golden frame comes out as its author, who did not use our codec, wrote it; the judge can tell a wrong one."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fleet.profile import DeviceProfile
from tests.profiles.cases import FRAMES, GOLDEN_FRAMES, GoldenFrame, each_frame, each_profile
from tests.profiles.check_frame import problems


@each_frame
def test_a_golden_frame_comes_out_as_written(frame: GoldenFrame) -> None:
    assert problems(frame) == []


@each_profile
def test_every_class_has_a_golden_frame_with_values(profile: DeviceProfile) -> None:
    own = [frame for frame in GOLDEN_FRAMES if frame.profile.name == profile.name]
    assert any(frame.content.get("stored") for frame in own)


def test_no_file_lies_where_the_walk_does_not_find_it() -> None:
    found = {frame.path for frame in GOLDEN_FRAMES}
    assert {path for path in FRAMES.rglob("*") if path.is_file()} - found == {FRAMES / "README.md"}


def frame(**changes: Any) -> GoldenFrame:
    content = {
        "about": "negative control",
        "source": "made by hand",
        "topic": "fk/v1/scale-0001/telemetry",
        "payload_text": '{"ts":1787380956000,"boot":3,"seq":17,"values":{"weight_raw":13140,"odd":2}}',
        "stored": [
            {
                "at": "2026-08-22T06:42:36.000Z",
                "boot": 3,
                "seq": 17,
                "values": {"body.weight": Decimal("65.7")},
                "unknown": {"odd": 2},
            }
        ],
    } | changes
    kept = {key: value for key, value in content.items() if value is not None}
    return GoldenFrame(Path("frames/scale/and-uc352ble/control.json"), kept)


def stored(**changes: Any) -> list[dict[str, Any]]:
    return [frame().content["stored"][0] | changes]


REFUSED = {"reason": "out_of_range", "advice": "body.weight"}
RAISED = '{"ts":1,"boot":1,"seq":1,"event":"fault_raised","data":{"system":"wss","code":"0xFFFF"}}'
EVENT = {"topic": "fk/v1/scale-0001/event", "payload_text": RAISED, "stored": None}


def test_the_judge_finds_nothing_wrong_in_a_right_frame() -> None:
    assert problems(frame()) == []
    assert problems(frame(**EVENT, message={"event": "fault_raised", "seq": 1}, fault="SCL-MEA-01")) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (frame(stored=stored(values={"body.weight": Decimal("65.8")})), "65.8"),
        (frame(stored=stored(values={"body.weight": Decimal("65.7001")})), "65.7001"),
        (frame(stored=stored(values={})), "body.weight"),
        (frame(stored=stored(values={"body.weight": Decimal("65.7"), "body.fat": 20})), "body.fat"),
        (frame(stored=stored(values={"body.weight": True})), "True"),
        (frame(stored=stored(unknown={})), "odd"),
        (frame(stored=stored(at="2026-08-22T06:42:36.001Z")), "1787380956001"),
        (frame(stored=stored(at="2026-08-22T08:42:36.000Z")), "1787388156000"),
        (frame(stored=stored(boot=4)), "(1787380956000, 4, 17)"),
        (frame(stored=stored(seq=18)), "18"),
        (frame(stored=[]), "0 expected"),
        (frame(stored=None), "expects nothing"),
        (frame(stored=None, rejected=REFUSED), "was not refused"),
        (frame(payload_text="{", stored=None, rejected=REFUSED), "not as out_of_range"),
        (frame(payload_text="{"), "was refused"),
        (frame(topic="fk/v1/scale-0001/command"), "no device sends"),
        (frame(topic="elsewhere"), "was refused"),
        (frame(payload_hex="7b"), "exactly one"),
        (frame(surprise=1), "surprise"),
        (frame(about=None), "about"),
        (frame(firmware="2.1"), "weight_raw"),
        (replace(frame(), path=Path("frames/scale/no-such-model/x.json")), "does not describe"),
        (frame(**EVENT, fault="SCL-MEA-02"), "SCL-MEA-02"),
        (frame(**EVENT, fault=None, message={"event": "fault_cleared"}), "fault_cleared"),
    ],
)  # fmt: skip
def test_the_judge_finds_a_wrong_frame(wrong: GoldenFrame, said: str) -> None:
    assert said in " | ".join(problems(wrong))
