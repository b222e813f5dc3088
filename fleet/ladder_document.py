"""Ladders and quiet hours as documents (TOML, YAML, JSON) and back, pure; what is wrong is said in a sentence."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from fleet.calendar import DayKind
from fleet.ladder import Duty, Ladder, LadderError, Step, Window

# Words of a rota, for people who write one; a half day (Maundy Thursday and the like) is worked.
DAY_WORDS: Final[Mapping[str, frozenset[DayKind]]] = {
    "workdays": frozenset({DayKind.WORKDAY, DayKind.HALF_DAY}),
    "weekends": frozenset({DayKind.WEEKEND}),
    "holidays": frozenset({DayKind.HOLIDAY}),
    "free_days": frozenset({DayKind.WEEKEND, DayKind.HOLIDAY}),
    "every_day": frozenset(DayKind),
    **{kind.value: frozenset({kind}) for kind in DayKind},
}
SHIFTS: Final[Mapping[str, tuple[time, time]]] = {
    "day": (time(7), time(16)),
    "evening": (time(16), time(22)),
    "night": (time(22), time(7)),
    "always": (time(0), time(0)),
}


def read_ladder(document: Mapping[str, Any]) -> Ladder:
    """A ladder from its document.

    Raises:
        LadderError: a field is missing, unknown or not what it must be.
    """
    known = _fields(document, "ladder", {"code", "steps", "last_resort", "repeat_minutes", "calm_repeat_minutes"})
    return Ladder(
        code=_text(known.get("code"), "code"),
        steps=tuple(_step(step, number) for number, step in enumerate(_list(known.get("steps", []), "steps"), 1)),
        last_resort=tuple(_text(code, "last_resort") for code in _list(known.get("last_resort", []), "last_resort")),
        repeat=_minutes(known.get("repeat_minutes", 5), "repeat_minutes"),
        calm_repeat=_minutes(known.get("calm_repeat_minutes", 24 * 60), "calm_repeat_minutes"),
    )


def read_windows(documents: Any) -> tuple[Window, ...]:  # noqa: ANN401 - whatever a file or the database holds
    """Windows of a duty or of quiet hours.

    Raises:
        LadderError: as above.
    """
    return tuple(_window(entry) for entry in _list(documents, "when"))


def write_ladder(ladder: Ladder) -> dict[str, Any]:
    """The document of a ladder; `read_ladder` gives back the same."""
    return {
        "code": ladder.code,
        "steps": [
            {
                "wait_minutes": step.wait / timedelta(minutes=1),
                "falls_through": step.falls_through,
                "call": [_write_duty(duty) for duty in step.duties],
            }
            for step in ladder.steps
        ],
        "last_resort": list(ladder.last_resort),
        "repeat_minutes": ladder.repeat / timedelta(minutes=1),
        "calm_repeat_minutes": ladder.calm_repeat / timedelta(minutes=1),
    }


def _write_duty(duty: Duty) -> dict[str, Any]:
    days = {"first_day": duty.first_day, "last_day": duty.last_day}
    return {
        "recipient": duty.recipient,
        "when": [
            {"days": sorted(window.days), "begins": f"{window.begins:%H:%M}", "ends": f"{window.ends:%H:%M}"}
            for window in duty.windows
        ],
        **{name: day.isoformat() for name, day in days.items() if day is not None},
    }


def _step(document: Any, number: int) -> Step:  # noqa: ANN401 - as above
    known = _fields(document, f"step {number}", {"wait_minutes", "falls_through", "call"})
    if not isinstance(known.get("falls_through", False), bool):
        raise LadderError(f"step {number}: falls_through is true or false")
    return Step(
        duties=tuple(_duty(entry) for entry in _list(known.get("call", []), f"step {number}: call")),
        wait=_minutes(known.get("wait_minutes"), f"step {number}: wait_minutes"),
        falls_through=known.get("falls_through", False),
    )


def _duty(document: Any) -> Duty:  # noqa: ANN401 - as above
    if isinstance(document, str):
        return Duty(recipient=document)
    known = _fields(document, "call", {"recipient", "when", "first_day", "last_day"})
    return Duty(
        recipient=_text(known.get("recipient"), "recipient"),
        windows=read_windows(known.get("when", [])),
        first_day=_day(known.get("first_day")),
        last_day=_day(known.get("last_day")),
    )


def _window(document: Any) -> Window:  # noqa: ANN401 - as above
    if isinstance(document, str):
        return _window({"shift": document})
    known = _fields(document, "when", {"shift", "days", "begins", "ends"})
    shift = known.get("shift", "always")
    if shift not in SHIFTS:
        raise LadderError(f"a shift is one of {', '.join(SHIFTS)}")
    begins, ends = SHIFTS[shift]
    words = known.get("days", "every_day")
    kinds: set[DayKind] = set()
    for word in [words] if isinstance(words, str) else _list(words, "days"):
        if word not in DAY_WORDS:
            raise LadderError(f"days are named by {', '.join(DAY_WORDS)}")
        kinds |= DAY_WORDS[word]
    return Window(
        days=frozenset(kinds), begins=_clock(known.get("begins", begins)), ends=_clock(known.get("ends", ends))
    )


def _fields(document: Any, where: str, names: set[str]) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    if not isinstance(document, Mapping):
        raise LadderError(f"{where}: expected a table of {', '.join(sorted(names))}")
    if strange := sorted(str(name)[:40] for name in document.keys() - names):
        raise LadderError(f"{where}: unknown field {', '.join(strange)}; known are {', '.join(sorted(names))}")
    return document


def _list(value: Any, where: str) -> Sequence[Any]:  # noqa: ANN401 - as above
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise LadderError(f"{where}: expected a list")
    return value


def _text(value: Any, where: str) -> str:  # noqa: ANN401 - as above
    if not isinstance(value, str) or not value.strip():
        raise LadderError(f"{where}: expected a word")
    return value.strip()


def _minutes(value: Any, where: str) -> timedelta:  # noqa: ANN401 - as above
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 24 * 60:
        raise LadderError(f"{where}: expected minutes, more than 0 and at most a day")
    return timedelta(minutes=value)


def _clock(value: Any) -> time:  # noqa: ANN401 - as above
    try:
        found = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError):
        raise LadderError("a time of day is written 07:30") from None
    if found.tzinfo is not None:
        raise LadderError("a time of day is Swedish local time, without a zone of its own")
    return found


def _day(value: Any) -> date | None:  # noqa: ANN401 - as above
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise LadderError("a day is written 2026-12-24") from None
