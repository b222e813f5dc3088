"""The digest of all rules is the same in every process, and another when any rule says something else."""

import os
import subprocess
import sys

import pytest

from diagnostics.alarms.rulebook import books, digest
from fleet.class_settings import ClassSetting, Kind, applied
from fleet.registry import Registry, load_registry

_PRINT = """
from diagnostics.alarms.rulebook import books, digest
from fleet.registry import load_registry
print(digest(books(load_registry())))
"""


def with_setting(value: float) -> Registry:
    registry, refused = applied(load_registry(), [ClassSetting("dispenser", Kind.RULE, "battery_low", "below", value)])
    assert refused == []
    return registry


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_every_process_says_the_same(seed: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PRINT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
    )
    assert told.stdout.decode().strip() == digest(books(load_registry()))


def test_another_number_in_one_rule_is_another_digest() -> None:
    assert digest(books(with_setting(22.0))) != digest(books(load_registry()))
    assert digest(books(with_setting(22.0))) != digest(books(with_setting(23.0)))
    assert digest(books(with_setting(22.0))) == digest(books(with_setting(22.0)))


def test_a_rule_less_is_another_digest() -> None:
    all_books = books(load_registry())
    fewer = {name: book for name, book in all_books.items() if name != "scale"}
    assert digest(fewer) != digest(all_books)
