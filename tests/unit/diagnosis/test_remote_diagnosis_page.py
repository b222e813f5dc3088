"""docs/remote-diagnosis.md answers every requirement, and every test that it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "remote-diagnosis.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
REQUIREMENTS = {*(f"C{number}" for number in range(1, 11)), *(f"S{number}" for number in range(1, 5))}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_has_a_row_that_names_a_test_or_a_command() -> None:
    rows = re.findall(r"^\| ([CS]\d+) \|(.*)\|$", TEXT, re.MULTILINE)
    assert {name for name, _ in rows} == REQUIREMENTS
    assert [name for name, text in rows if not NAMED.search(text) and "`fjarrkoll " not in text] == []


def test_every_named_test_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 30
    assert [f"{file}::{test}" for file, test in named if test not in names_in(ROOT / file)] == []
