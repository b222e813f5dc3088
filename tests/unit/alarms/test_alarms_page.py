"""docs/alarms.md answers A1 to A16, and every test that it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_failure_mode_has_a_row_that_names_a_test_or_says_why_not() -> None:
    rows = dict(re.findall(r"^\| (A\d+) \|(.*)\|$", TEXT, re.MULTILINE))
    assert set(rows) == {f"A{number}" for number in range(1, 17)}
    bare = [name for name, text in rows.items() if not NAMED.search(text) and "No test:" not in text]
    assert bare == []


def test_every_named_test_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 15
    missing = [f"{file}::{test}" for file, test in named if test not in names_in(ROOT / file)]
    assert missing == []
