"""What a batch writes, and which of its days are judged."""

from fleet.registry import load_registry
from ingest.batch import plan
from ingest.consumer import Delivery
from ingest.register import Register
from ingest.write.packing import Packed, pack
from ingest.write.statements import statement, usage_statement
from ingest.write.transaction import Transaction
from tests.unit.ingest.support import APAP, CHAIR, NOW, NOW_MS, accepted, delivery, event, reading, register

DAY = 9822
"""2026-11-22, counted from 2000-01-01."""


def packed(*deliveries: Delivery, known: Register | None = None) -> Packed:
    tables = Transaction(load_registry())._tables
    return pack(plan(accepted(*deliveries, known=known)), tables, NOW)


def usage_statements(batch: Packed) -> set[bytes]:
    known = {
        usage_statement(name, maximum=maximum): f"{name} {maximum}".encode()
        for name in ("grow_usage", "judge_usage")
        for maximum in (False, True)
    }
    return {known[entry.statement] for entry in batch.consequences if entry.statement in known}


def test_a_day_that_may_become_used_is_judged_and_one_that_is_known_is_not() -> None:
    known = register()
    drive = delivery(CHAIR, reading(1, {"drive.time": 5, "drive.distance": 100}))
    assert usage_statements(packed(drive, known=known)) == {b"judge_usage False", b"grow_usage False"}
    chair = known.find(CHAIR)
    assert chair is not None
    chair.used_day = DAY
    batch = packed(drive, known=known)
    assert usage_statements(batch) == {b"grow_usage False"}
    assert batch.judged == {}


def test_another_day_is_judged_again() -> None:
    known = register()
    chair = known.find(CHAIR)
    assert chair is not None
    chair.used_day = DAY - 1
    batch = packed(delivery(CHAIR, reading(1, {"drive.time": 5})), known=known)
    assert batch.judged == {2: chair}


def test_a_measure_that_decides_nothing_is_never_judged() -> None:
    assert usage_statements(packed(delivery(CHAIR, event(1, "charge_started"), "event"))) == {b"grow_usage False"}


def test_maxima_are_judged_like_sums() -> None:
    assert usage_statements(packed(delivery(APAP, reading(1, {"therapy.usage": 300})))) == {b"judge_usage True"}


def test_the_current_state_goes_before_usage_which_writes_to_it_too() -> None:
    order = [entry.statement for entry in packed(delivery(CHAIR, reading(1, {"drive.time": 5}))).consequences]
    assert order.index(statement("update_states")) < order.index(usage_statement("judge_usage", maximum=False))


def test_what_is_sent_is_forgotten_unless_it_may_be_sent_again_as_it_is() -> None:
    readings = packed(delivery(CHAIR, reading(1, {"drive.time": 5})))
    presence = packed(delivery(CHAIR, {"ts": NOW_MS, "boot": 1, "online": True}, "state"))
    for batch, left in ((readings, 0), (presence, len(presence.consequences))):
        expected = list(batch.consequences)
        assert expected
        assert list(batch.to_send()) == expected
        assert len(batch.consequences) == left
