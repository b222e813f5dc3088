"""YAML for people from plain values: block style, quotes only where needed; a YAML reader reads what was given."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

Plain = str | int | float | bool | None | Mapping[str, "Plain"] | Sequence["Plain"]

# Words that no YAML 1.1 or 1.2 reader takes for anything but text: no sign with a meaning, no number, no yes and no.
_BARE: Final = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_TAKEN: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"})


def to_yaml(value: Plain) -> str:
    """The YAML text of a value made of mappings, sequences, texts, numbers, booleans and None."""
    return "\n".join(_block(value, 0)) + "\n"


def _block(value: Plain, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        return [line for key, inner in value.items() for line in _entry(f"{indent}{_scalar(key)}:", inner, depth)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [line for inner in value for line in _item(inner, depth)]
    return [indent + _scalar(value)]


def _entry(label: str, value: Plain, depth: int) -> list[str]:
    if isinstance(value, str) and _literal(value):
        return [f"{label} |-", *("  " * (depth + 1) + line if line else "" for line in value.split("\n"))]
    if _is_nested(value):
        return [label, *_block(value, depth + 1)]
    return [f"{label} {_scalar(value)}"]


def _item(value: Plain, depth: int) -> list[str]:
    """A list item: its first line stands beside the dash."""
    lines = _block(value, depth + 1)
    return [f"{'  ' * depth}- {lines[0].lstrip()}", *lines[1:]]


def _is_nested(value: Plain) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _literal(text: str) -> bool:
    """Whether a text reads best as a block of its own lines, and survives it."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and all(line == line.rstrip() for line in lines)
        and lines[0][:1] not in {"", " "}
        and lines[-1] != ""
    )


def _scalar(value: Plain) -> str:
    if isinstance(value, str):
        plain = _BARE.fullmatch(value) and value.lower() not in _TAKEN
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
