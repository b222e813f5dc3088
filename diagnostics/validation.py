"""Validation errors told by place and limit, without the value and without the names a caller made up."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fleet.text import Text

# Places in a request are named by our own field names; anything else in a location came from the caller.
_OWN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_CALLER_NAMED: Final = frozenset({"extra_forbidden", "string_type_key", "invalid_key"})
_FREE_OBJECTS: Final = frozenset({"parameters"})
MOST_SHOWN: Final = 20

_SENTENCES: Final[Mapping[str, Text]] = {
    "missing": Text("saknas", "is missing"),
    "extra_forbidden": Text("ett namn som inte finns", "a name that does not exist"),
    "finite_number": Text("måste vara ett ändligt tal", "must be a finite number"),
    "greater_than_equal": Text("minst {ge}", "at least {ge}"),
    "less_than_equal": Text("högst {le}", "at most {le}"),
    "greater_than": Text("större än {gt}", "greater than {gt}"),
    "less_than": Text("mindre än {lt}", "less than {lt}"),
    "string_too_long": Text("högst {max_length} tecken", "at most {max_length} characters"),
    "string_too_short": Text("minst {min_length} tecken", "at least {min_length} characters"),
    "too_long": Text("högst {max_length} stycken", "at most {max_length} of them"),
    "string_pattern_mismatch": Text("måste följa mönstret {pattern}", "must follow the pattern {pattern}"),
    "literal_error": Text("ett av {expected}", "one of {expected}"),
    "enum": Text("ett av {expected}", "one of {expected}"),
    "timezone_aware": Text("ange tidszon, t.ex. Z", "give a time zone, such as Z"),
}
_KINDS: Final[Mapping[str, Text]] = {
    "int": Text("måste vara ett heltal", "must be a whole number"),
    "float": Text("måste vara ett tal", "must be a number"),
    "bool": Text("måste vara true eller false", "must be true or false"),
    "string": Text("måste vara text", "must be text"),
    "date": Text("måste vara ett datum", "must be a date"),
    "datetime": Text("måste vara en tidpunkt enligt RFC 3339", "must be a moment as in RFC 3339"),
    "uuid": Text("måste vara ett UUID", "must be a UUID"),
    "dict": Text("måste vara ett objekt", "must be an object"),
    "model": Text("måste vara ett objekt", "must be an object"),
    "list": Text("måste vara en lista", "must be a list"),
}
_OTHERWISE: Final = Text("stämmer inte; se /docs", "is not right; see /docs")
_SAFE_LIMITS: Final = frozenset({"ge", "le", "gt", "lt", "max_length", "min_length", "pattern", "expected"})


def described_errors(errors: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Pydantic's errors as `{"where", "code", "message"}`, at most MOST_SHOWN of them."""
    described = []
    for error in list(errors)[:MOST_SHOWN]:
        kind = str(error.get("type", "invalid"))
        described.append(
            {"where": _place(error.get("loc", ()), kind), "code": kind, "message": _sentence(error, kind, language)}
        )
    return described


def _place(location: Iterable[object], kind: str) -> str:
    parts: list[str] = []
    after_free = False
    for part in location:
        own = isinstance(part, int) or (
            isinstance(part, str) and not after_free and _OWN_NAME.fullmatch(part) is not None
        )
        parts.append(str(part) if own else "…")
        after_free = part in _FREE_OBJECTS
    if kind in _CALLER_NAMED and parts:
        parts[-1] = "…"
    return ".".join(parts)


def _sentence(error: Mapping[str, Any], kind: str, language: str) -> str:
    limits = {name: value for name, value in (error.get("ctx") or {}).items() if name in _SAFE_LIMITS}
    text = _SENTENCES.get(kind) or _KINDS.get(kind.split("_", maxsplit=1)[0]) or _OTHERWISE
    try:
        return text.to(language).format_map(limits)
    except KeyError:
        return _OTHERWISE.to(language)
