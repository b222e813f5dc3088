import subprocess
import sys
from pathlib import Path

import pytest

MAKE_ENV = Path(__file__).resolve().parents[3] / "scripts" / "make-env"


@pytest.fixture(scope="session")
def made_env(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The env file that scripts/make-env makes, in a folder of its own."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, MAKE_ENV, "--folder", folder], check=True, capture_output=True)
    return folder / ".env"


@pytest.fixture(scope="session")
def made_variables(made_env: Path) -> set[str]:
    """The names in it."""
    lines = made_env.read_text(encoding="utf-8").splitlines()
    return {line.split("=", 1)[0] for line in lines if not line.startswith("#")}
