"""What the suite runs over: every registered class, every model, every golden frame; nothing is listed by hand."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.registry import load_registry

FRAMES: Final = Path(__file__).parents[1] / "fixtures" / "frames"

PROFILES: Final = list(load_registry())
MODELS: Final = list(load_registry().models())

each_profile: Final = pytest.mark.parametrize("profile", PROFILES, ids=[profile.name for profile in PROFILES])
each_model: Final = pytest.mark.parametrize(
    ("profile", "model"), MODELS, ids=[f"{model.key}-{model.firmware_from or 'first'}" for _, model in MODELS]
)


@dataclass(frozen=True)
class GoldenFrame:
    """One file of tests/fixtures/frames: where it lies says which class and model sent it."""

    path: Path
    content: dict[str, Any]

    @property
    def profile(self) -> DeviceProfile:
        return load_registry()[self.path.parts[-3]]

    @property
    def model(self) -> DeviceModel | None:
        return self.profile.model(self.path.parts[-2], self.content.get("firmware", ""))

    @property
    def payload(self) -> bytes:
        text = self.content.get("payload_text")
        return bytes.fromhex(self.content["payload_hex"]) if text is None else str(text).encode()


def read_frame(path: Path) -> GoldenFrame:
    # Decimal keeps an expected value as it was written.
    return GoldenFrame(path, json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))


GOLDEN_FRAMES: Final = [read_frame(path) for path in sorted(FRAMES.glob("*/*/*.json"))]
each_frame: Final = pytest.mark.parametrize(
    "frame", GOLDEN_FRAMES, ids=["/".join(frame.path.parts[-3:])[: -len(".json")] for frame in GOLDEN_FRAMES]
)
