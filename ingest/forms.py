"""Readings read straight into typed forms: what a class's metrics allow is checked by the decoder itself. Pure.

`fleet.codec` and `fleet.normalise` say what is stored of any message. A form takes only readings of which both would
say the same without a word: known names, plain values in range, whole shapes. It refuses everything else, and the
message goes the long way. That is a third of the cost for nearly every message there is (docs/decisions/0019).
"""

import math
from collections.abc import Callable
from collections.abc import Sequence as Many
from functools import cache
from typing import Annotated, Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from fleet.messages import MAXIMUM_PAYLOAD, Boot, Milliseconds, Sequence
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.signals import Kind, Metric


class Form(Protocol):
    """One reading. `values` has a field for each metric of `Reader.places`: NaN where it was not told, or None."""

    ts: int
    boot: int
    seq: int
    values: msgspec.Struct
    outbox_from: int | None


Told = Form | list[Form]
Doubles = NDArray[np.float64]
_pack: Final = msgspec.msgpack.Encoder().encode
NOT_PLAIN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Reader:
    """From payloads of one model to the readings in them.

    A class has up to thirty metrics and a model sends a handful, always the same. So the form has only fields that were
    needed so far, and grows when another is met.

    Args:
        profile: the class.
        normaliser: of the model, which tells the names it uses. A metric it sends in a unit of its own has no place in
            the form.

    Attributes:
        places: the place in the profile of each field, in order. A list of its own after every growth.
    """

    def __init__(self, profile: DeviceProfile, normaliser: Normaliser) -> None:
        spelled = {key: name for name, key in reversed(normaliser.as_they_come.items())}
        self._fields = {
            place: (spelled[metric.key], metric)
            for place, metric in enumerate(profile.metrics)
            if metric.key in spelled
        }
        self._widest = _decoder(self._fields)
        self.places: list[int] = []
        self._decode = _decoder({})

    def read(self, payload: bytes) -> tuple[list[int], Told] | None:
        """The readings of a payload with the places of their fields, or None where it must go the long way."""
        if len(payload) > MAXIMUM_PAYLOAD:
            return None
        try:
            told = self._decode(payload)
        except NOT_PLAIN:
            return self._read_wider(payload)
        return (self.places, told) if told else None  # an empty array is refused elsewhere

    def _read_wider(self, payload: bytes) -> tuple[list[int], Told] | None:
        if len(self.places) == len(self._fields):
            return None
        try:
            told = self._widest(payload)
        except NOT_PLAIN:
            return None
        for form in told if isinstance(told, list) else [told]:
            self._grow(form)
        return self.places, self._decode(payload)

    def _grow(self, form: Form) -> None:
        values = zip(self._fields, msgspec.structs.astuple(form.values), strict=True)
        told = {place for place, value in values if value is None or not math.isnan(value)}
        if not told.issubset(self.places):
            self.places = sorted(told.union(self.places))
            self._decode = _decoder({place: self._fields[place] for place in self.places})


def doubles_of(values: Many[msgspec.Struct]) -> Doubles | None:
    """The fields of `Form.values` of many readings of the same form, a row for each field; NaN where not told.

    All at once through msgpack, in which a double is always nine bytes: every reading then takes as many, and the
    doubles lie at the same places in each (https://github.com/msgpack/msgpack/blob/master/spec.md, "float format
    family"). That is a sixth of the cost of taking them out one by one.

    Returns:
        None where a flag or a null is among them, which is shorter.
    """
    layout = _layout(type(values[0]))
    data, count = _pack(values), len(values)
    head = 1 if count < 16 else 3 if count < 65_536 else 5
    if len(data) != head + count * layout.itemsize:
        return None
    table = np.frombuffer(data, layout, count, head)
    names = layout.names or ()  # none where no reading tells anything
    return np.array([table[name] for name in names], dtype=np.float64).reshape(len(names), count)


@cache
def _layout(kind: type[msgspec.Struct]) -> "np.dtype[Any]":
    """Where the doubles of a packed form lie. Found by packing: 1.0 differs from NaN in its first byte."""
    names = kind.__struct_fields__
    blank = dict.fromkeys(names, math.nan)
    nothing = _pack(kind(**blank))
    packed = {name: _pack(kind(**(blank | {name: 1.0}))) for name in names}
    places = [
        next(place for place, (one, none) in enumerate(zip(packed[name], nothing, strict=True)) if one != none)
        for name in names
    ]
    formats = [">f8"] * len(names)
    return np.dtype({"names": names, "formats": formats, "offsets": places, "itemsize": len(nothing)})


def _decoder(fields: dict[int, tuple[str, Metric]]) -> Callable[[bytes], Told]:
    values: Any = msgspec.defstruct(
        "Values", [_field(place, *entry) for place, entry in fields.items()], forbid_unknown_fields=True, gc=False
    )
    told: list[Any] = [("ts", Milliseconds), ("boot", Boot), ("seq", Sequence), ("values", values)]
    form: Any = msgspec.defstruct("Form", [*told, ("outbox_from", Sequence | None, None)], gc=False)
    return msgspec.json.Decoder(form | list[form]).decode


def _field(place: int, name: str, metric: Metric) -> tuple[str, Any, Any]:
    kind: Any = bool if metric.kind is Kind.FLAG else Annotated[float, msgspec.Meta(ge=metric.low, le=metric.high)]
    return f"m{place}", kind | None, msgspec.field(default=math.nan, name=name)
