"""What a device writes down about commands before and after it executes them, so that a restart repeats none.

A counter is written down before its command is executed and its answer after. Found after a restart:
- nothing: the command never arrived, and may come again;
- a counter without an answer: power was lost in the middle, nobody knows whether it was done, and it is not done again;
- a counter with an answer that is not confirmed stored: the answer is told again.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from device_sim.answers import Answer

REMEMBERED: Final = 200
"""Counters back from the highest that a device keeps; an older one is never executed and never answered."""


class Moment(StrEnum):
    """The steps of a command on the device, in order; power may be lost at each of them."""

    RECEIVED = "received"
    """It is read, and nothing of it is written down."""
    ACCEPTED = "accepted"
    """Its counter is written down, and nothing of it is done."""
    RUNNING = "running"
    """It is about to be done; one that takes its time has been told to run."""
    EXECUTED = "executed"
    """It is done, and what came of it is written nowhere."""
    ANSWERED = "answered"
    """The answer is written down, and has not been told."""
    TOLD = "told"
    """The broker has the answer."""
    STORED = "stored"
    """The platform says that it has the answer, and that is not written down."""


@dataclass(slots=True)
class Entry:
    """One command the device took on.

    Attributes:
        answer: what came of it; None while it is being executed, or when power was lost in the middle.
        stored: the platform has confirmed that it has the answer.
    """

    counter: int
    command_id: str
    answer: Answer | None = None
    stored: bool = False


@dataclass(slots=True)
class Journal:
    """One device's commands. Without a path it lives as long as the object.

    Attributes:
        forgetful: it writes nothing down, as a device that breaks the contract: the tests' negative control.
    """

    device_id: str = ""
    path: Path | None = None
    forgetful: bool = False
    entries: dict[int, Entry] = field(default_factory=dict)
    last: int = 0

    def seen(self, counter: int) -> bool:
        """Whether the command was taken on before, or is too old to tell."""
        return counter in self.entries or counter <= self.last - REMEMBERED

    def overtaken(self, counter: int) -> bool:
        """Whether a later command came first; then this one is never executed."""
        return counter <= self.last

    def accept(self, counter: int, command_id: str) -> None:
        """Takes a command on, before anything of it is done."""
        if self.forgetful:
            return
        self._write({"counter": counter, "command_id": command_id})
        self._accept(counter, command_id)

    def finish(self, counter: int, answer: Answer) -> None:
        """Writes the answer down, before it is told."""
        if self.forgetful:
            return
        line = {"status": answer.status, "reason": answer.reason, "result": dict(answer.result)}
        self._write({"counter": counter, **line})
        self.entries[counter].answer = answer

    def confirm(self, command_id: str) -> None:
        """The platform has the answer."""
        for entry in self.entries.values():
            if entry.command_id == command_id and entry.answer is not None and not entry.stored:
                self._write({"counter": entry.counter, "stored": True})
                entry.stored = True

    def interrupted(self) -> list[Entry]:
        """What was being executed when power was lost."""
        return [entry for entry in self.entries.values() if entry.answer is None]

    def untold(self) -> list[Entry]:
        """Answers of which nobody has said that they are stored."""
        return [entry for entry in self.entries.values() if entry.answer is not None and not entry.stored]

    def read_line(self, line: dict[str, Any]) -> None:
        """Takes in a line written earlier."""
        counter = int(line["counter"])
        if "command_id" in line:
            self._accept(counter, str(line["command_id"]))
        elif counter in self.entries and "status" in line:
            self.entries[counter].answer = Answer(line["status"], line["reason"], line["result"])
        elif counter in self.entries:
            self.entries[counter].stored = True

    def _accept(self, counter: int, command_id: str) -> None:
        self.entries[counter] = Entry(counter, command_id)
        self.last = max(self.last, counter)
        for old in [known for known in self.entries if known <= self.last - REMEMBERED]:
            del self.entries[old]

    def _write(self, line: dict[str, Any]) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"device_id": self.device_id, **line}) + "\n")


class Journals:
    """The journals of a fleet in one file of JSON lines; a line cut off by a kill is passed over."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._journals: dict[str, Journal] = {}
        if path is not None and path.is_file():
            for text in path.read_text(encoding="utf-8").splitlines():
                self._read(text)

    def of(self, device_id: str) -> Journal:
        """The journal of one device, as it was left."""
        if device_id not in self._journals:
            self._journals[device_id] = Journal(device_id, self._path)
        return self._journals[device_id]

    def _read(self, text: str) -> None:
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            return
        self.of(line["device_id"]).read_line(line)
