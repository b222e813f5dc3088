"""Parts a batch: plain readings, taken together by class, and everything else, which goes the long way. Pure.

A device goes one way in a batch: if one of its messages is not plain, none is. So the two ways never speak of the same
device, and each keeps the order of arrival.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final, cast

import msgspec
import numpy as np

from fleet.messages import SENML_CONTENT
from fleet.signals import Kind
from fleet.topics import PREFIX, parts
from ingest.accept import PLACE, TELEMETRY_END, Message, believed_milliseconds
from ingest.columns import Columns, Doubles, Numbers, joined
from ingest.forms import Form, Told, doubles_of
from ingest.handling import Handling
from ingest.hints import Hints
from ingest.register import Device, Register

_BEGINNING: Final = f"{PREFIX}/"
_TO: Final = -len(TELEMETRY_END)
_fields_of: Final[Callable[[Any], tuple[Any, ...]]] = msgspec.structs.astuple


@dataclass(slots=True)
class _Lot:
    """Plain messages whose readings have the same fields."""

    handling: Handling
    fields: list[int]
    messages: list[int] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A lot as columns.

    Attributes:
        messages: place of its message in the batch, for each reading.
        asked: (place of the message, device number, boot, outbox_from) of readings that want a receipt.
    """

    columns: Columns
    messages: Numbers
    asked: list[tuple[int, int, int, int]]

    def leave_out(self, numbers: set[int]) -> list[int]:
        """Takes devices out; says the places of their messages."""
        gone = np.isin(self.columns.numbers, list(numbers))
        if not gone.any():
            return []
        places: list[int] = self.messages[gone].tolist()
        self.columns, self.messages = self.columns.at_rows(~gone), self.messages[~gone]
        self.asked = [entry for entry in self.asked if entry[1] not in numbers]
        return places


@dataclass(slots=True)
class Parted:
    """A batch in two parts.

    Attributes:
        plain: readings, one entry for each class.
        others: messages that go the long way, in order of arrival.
        asked: as of `ingest.accepted.Accepted`, from the plain ones.
        doubted: whether some of the others are there because they may be stored already.
    """

    plain: list[Columns]
    others: Sequence[Message]
    asked: dict[tuple[int, int], tuple[str, int]]
    doubted: bool = False


class Parting:
    """A batch being parted, for those who want to breathe between parts of it.

    Args:
        register: knows every device that has been looked up.
        received_at: the server's time of arrival.
        hints: what may be stored already.
    """

    def __init__(self, register: Register, received_at: datetime, hints: Hints) -> None:
        self._find = register.find
        self._hints = hints
        self._believed = believed_milliseconds(received_at)
        self._messages: list[Message] = []
        self._parts: list[_Part] = []
        self._others: list[int] = []

    def take_all(self, messages: Sequence[Message]) -> None:
        """Adds messages, in order of arrival. Runs for every message there is."""
        find, others = self._find, self._others
        lots: dict[int, _Lot] = {}
        for place, message in enumerate(messages, len(self._messages)):
            topic = message.topic
            device = find(topic[PLACE:_TO]) if topic.endswith(TELEMETRY_END) and topic.startswith(_BEGINNING) else None
            if device is None or message.redelivered or device.clock_corrected or message.content_type == SENML_CONTENT:
                others.append(place)
                continue
            found = device.handling.reader.read(message.payload)
            if found is None:
                others.append(place)
                continue
            fields, told = found
            lot = lots.get(id(fields))
            if lot is None:
                lot = lots[id(fields)] = _Lot(device.handling, fields)
            lot.messages.append(place)
            lot.devices.append(device)
            lot.told.append(told)
        self._parts += map(_part, lots.values())
        self._messages += messages

    def parted(self) -> Parted:
        """Both parts. What only the whole shows (times that are not believed, empty readings) is taken out here."""
        odd = {device.number for place in self._others if (device := self._sender(place)) is not None}
        for part in self._parts:
            odd.update(part.columns.not_plain(self._believed))
        suspects = self._suspects()
        odd |= suspects
        moved = [place for part in self._parts for place in part.leave_out(odd)] if odd else []
        by_class: dict[str, list[Columns]] = {}
        for part in self._parts:
            if len(part.columns):
                by_class.setdefault(part.columns.handling.device_class, []).append(part.columns)
        others = [self._messages[place] for place in sorted({*self._others, *moved})]
        return Parted(
            [joined(found) for found in by_class.values()],
            others,
            self._asked(),
            bool(suspects) or any(message.redelivered for message in others),
        )

    def _suspects(self) -> set[int]:
        """Devices with a reading that may be stored already."""
        if not self._parts:
            return set()
        columns = [part.columns for part in self._parts]
        return self._hints.suspects(
            np.concatenate([entry.numbers for entry in columns]),
            np.concatenate([entry.boots for entry in columns]),
            np.concatenate([entry.seqs for entry in columns]),
        )

    def _sender(self, place: int) -> Device | None:
        return self._find(parts(self._messages[place].topic)[0])

    def _asked(self) -> dict[tuple[int, int], tuple[str, int]]:
        asked: dict[tuple[int, int], tuple[str, int]] = {}
        for part in self._parts:
            for place, number, boot, outbox_from in part.asked:
                known = asked.get((number, boot))
                if known is None or known[1] < outbox_from:
                    asked[number, boot] = (self._messages[place].topic[PLACE:_TO], outbox_from)
        return asked


def _part(lot: _Lot) -> _Part:
    numbers = np.array([device.number for device in lot.devices], dtype=np.int64)
    messages = np.array(lot.messages, dtype=np.int64)
    if list in set(map(type, lot.told)):
        lists = [told if isinstance(told, list) else [told] for told in lot.told]
        forms, counts = list(chain.from_iterable(lists)), list(map(len, lists))
        numbers, messages = np.repeat(numbers, counts), np.repeat(messages, counts)
    else:
        forms = cast("list[Form]", lot.told)
    columns = Columns(
        lot.handling,
        {device.number: device for device in lot.devices},
        numbers,
        np.array([form.ts for form in forms], dtype=np.int64),
        np.array([form.boot for form in forms], dtype=np.int64),
        np.array([form.seq for form in forms], dtype=np.int64),
        _columns_of([form.values for form in forms], lot),
    )
    asked = [
        (int(messages[row]), int(numbers[row]), form.boot, form.outbox_from)
        for row, form in enumerate(forms)
        if form.outbox_from is not None
    ]
    return _Part(columns, messages, asked)


def _columns_of(values: Sequence[msgspec.Struct], lot: _Lot) -> dict[int, Doubles]:
    """One column for each field that any reading tells; counts are whole numbers, rounded as Python rounds."""
    metrics = lot.handling.profile.metrics
    table = doubles_of(values)
    if table is None:
        table = np.array([_fields_of(entry) for entry in values], dtype=np.float64).T.copy()
    silent = np.asarray(np.isnan(table).all(axis=1)).tolist()
    return {
        place: np.rint(column) if metrics[place].kind is Kind.COUNT else column
        for place, column, nothing in zip(lot.fields, table, silent, strict=True)
        if not nothing
    }
