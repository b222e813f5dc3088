"""docs/reliability.md answers every failure mode of the research, and every test that it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reliability.md"
ROWS = {f"D{number}" for number in range(1, 29)}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, str]:
    found = re.findall(r"^\| (D\d+) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_row_is_answered() -> None:
    assert set(rows()) == ROWS


def test_a_row_names_a_test_or_says_why_there_is_none() -> None:
    silent = [name for name, text in rows().items() if not NAMED.search(text) and "No test:" not in text]
    assert silent == []


def test_every_named_test_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert named
    missing = [
        f"{file}::{test}" for file, test in named if not (ROOT / file).is_file() or test not in names_in(ROOT / file)
    ]
    assert missing == []
