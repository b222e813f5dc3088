"""Everything a batch writes, packed into statements with their parameters before the transaction begins.

Packing a batch takes as long as the database needs for a good part of it. Done beforehand it overlaps with the commit
of the batch before; and what is packed takes a fifth of the memory of the records it was packed from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ingest.batch import FaultReported, Plan, UsageKey
from ingest.columns import Columns
from ingest.register import Device
from ingest.write.arrays import booleans, integers
from ingest.write.copying import Copy, copy_of
from ingest.write.plain import state_parameters, usage_amounts
from ingest.write.rows import (
    Parameters,
    ReadingColumns,
    birth_columns,
    event_columns,
    presence_columns,
    quarantine_columns,
    state_columns,
    unknown_columns,
    usage_columns,
)
from ingest.write.statements import EVENTS, statement, told_statement, usage_statement


class ReadingTable(NamedTuple):
    """How readings of a class are inserted, looked for, and turned into columns."""

    insert: bytes
    find: bytes
    columns: ReadingColumns


class Insert(NamedTuple):
    """Messages for one table.

    Attributes:
        what: the device class, or `EVENTS`.
        rows: how many must come to be stored, or some were stored before.
    """

    what: str
    statement: bytes
    parameters: list[object]
    rows: int


class Consequence(NamedTuple):
    """A statement that follows from the messages.

    Attributes:
        judges: it answers with who was used, and on which day.
    """

    statement: bytes
    parameters: Parameters | list[object]
    judges: bool = False


@dataclass(slots=True)
class Packed:
    """A batch, ready to be sent.

    Attributes:
        received_at: when it arrived.
        copies: plain readings; all are taken to be new.
        inserts: other messages; all are taken to be new.
        faults: fault events among them, whose rows depend on what is stored.
        consequences: in the order in which they must run.
        wakes: whether the worker must be told that devices are due.
        strangers: devices whose row of current state is made here.
        judged: devices by number of which a day may turn out to be used.
    """

    received_at: datetime
    copies: list[Copy] = field(default_factory=list)
    inserts: list[Insert] = field(default_factory=list)
    faults: list[FaultReported] = field(default_factory=list)
    consequences: list[Consequence] = field(default_factory=list)
    wakes: bool = False
    strangers: list[Device] = field(default_factory=list)
    judged: dict[int, Device] = field(default_factory=dict)

    @property
    def holds_messages(self) -> bool:
        """Whether anything in it could have been stored before."""
        return bool(self.copies or self.inserts)

    def to_send(self) -> Iterator[Consequence]:
        """The consequences in order, each forgotten when the next is asked for.

        They wait as long again for their answers, and are megabytes. A batch without messages may be sent again as it
        is (`ingest.write.writer`), and keeps them.
        """
        if not self.holds_messages:
            yield from self.consequences
            return
        while self.consequences:
            yield self.consequences.pop(0)


def pack(
    rows: Plan, tables: Mapping[str, ReadingTable], received_at: datetime, plain: Sequence[Columns] = ()
) -> Packed:
    """Packs the rows of a batch.

    Args:
        rows: of a batch whose times and answers are settled.
        tables: by device class.
        received_at: when the batch arrived.
        plain: readings of other devices than those in `rows`, one entry for each class.
    """
    packed = Packed(received_at, faults=rows.faults)
    packed.copies = [copy_of(columns.in_order(), received_at) for columns in plain]
    for name, readings in rows.readings.items():
        parameters = [received_at, *tables[name].columns.of(readings)]
        packed.inserts.append(Insert(name, tables[name].insert, parameters, len(readings)))
    if rows.events:
        parameters = [received_at, *event_columns(rows.events)]
        packed.inserts.append(Insert(EVENTS, statement("add_events"), parameters, len(rows.events)))
    packed.strangers = _strangers(rows, plain)
    strangers = [device.number for device in packed.strangers]
    present = {**state_parameters(plain, strangers), "received_at": received_at} if plain else {}
    if strangers:
        _pack_strangers(packed, strangers, present)
    _pack_present(packed, rows, received_at)
    if plain:
        packed.consequences.append(Consequence(told_statement(), present))
        _pack_plain_usage(packed, plain)
    _pack_usage(packed, rows, rows.sums, maximum=False)
    _pack_usage(packed, rows, rows.maxima, maximum=True)
    _pack_rest(packed, rows, received_at, rows.due.union(*(columns.due() for columns in plain)))
    return packed


def _strangers(rows: Plan, plain: Sequence[Columns]) -> list[Device]:
    """Devices without a row of current state, in order of number."""
    found = [present.device for present in rows.present.values() if not present.device.has_state]
    found += [device for columns in plain for device in columns.senders() if not device.has_state]
    return sorted(found, key=lambda device: device.number)


def _pack_strangers(packed: Packed, strangers: list[int], present: Parameters) -> None:
    """Makes the rows of devices without one; those that tell something are made with what they tell."""
    if present:
        packed.consequences.append(Consequence(statement("begin_states"), present))
    packed.consequences.append(Consequence(statement("make_states"), [integers(strangers)]))


def _pack_plain_usage(packed: Packed, plain: Sequence[Columns]) -> None:
    add = packed.consequences.append
    grown, judged = usage_amounts(plain)
    packed.judged |= judged
    for entry in grown:
        name = "judge_usage" if entry.judges else "grow_usage"
        add(Consequence(usage_statement(name, maximum=entry.maximum), entry.columns, judges=entry.judges))


def _pack_present(packed: Packed, rows: Plan, received_at: datetime) -> None:
    """The current state goes before usage, which writes to it too."""
    add = packed.consequences.append
    if rows.presence:
        add(Consequence(statement("update_presence"), [received_at, *presence_columns(rows.presence)]))
    if rows.present:
        columns = state_columns(rows.present.values())
        add(Consequence(statement("update_states"), {**columns, "received_at": received_at}))
    if rows.births:
        models, attributes = birth_columns(list(rows.births.values()))
        add(Consequence(statement("update_models"), [*models]))
        add(Consequence(statement("update_attributes"), [*attributes]))


def _pack_usage(packed: Packed, rows: Plan, amounts: Mapping[UsageKey, float], *, maximum: bool) -> None:
    """Judging a day costs more than keeping its sums, and a device is used for the first time only once a day."""
    settled: dict[UsageKey, float] = {}
    open_days: dict[UsageKey, float] = {}
    for key, amount in amounts.items():
        number, day, measure = key
        device = rows.present[number].device
        if day > device.used_day and measure in device.handling.deciding:
            open_days[key] = amount
            packed.judged[number] = device
        else:
            settled[key] = amount
    add = packed.consequences.append
    if settled:
        add(Consequence(usage_statement("grow_usage", maximum=maximum), usage_columns(settled)))
    if open_days:
        add(Consequence(usage_statement("judge_usage", maximum=maximum), usage_columns(open_days), judges=True))


def _pack_rest(packed: Packed, rows: Plan, received_at: datetime, due: set[int]) -> None:
    add = packed.consequences.append
    if rows.unknown:
        columns = unknown_columns(sorted(rows.unknown.items()))
        add(Consequence(statement("count_unknown"), {**columns, "received_at": received_at}))
    if rows.quarantine:
        columns = quarantine_columns(list(rows.quarantine.values()))
        add(Consequence(statement("keep_in_quarantine"), {**columns, "received_at": received_at}))
    if due:
        devices, happened = sorted(due), {event.device.number for event in rows.events}
        urgent = booleans([number in happened for number in devices])
        add(Consequence(statement("mark_due"), [integers(devices), urgent, received_at]))
        packed.wakes = True
