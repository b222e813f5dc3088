"""The outbox under loss, repeats, reordering, reboots and overflow: nothing goes unconfirmed, nothing is stuck."""

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from device_sim.outbox import ASK_EVERY, RESEND_WINDOW, Entry, Outbox
from fleet import codec
from fleet.messages import Occurrence, Reading, Receipt, Reply
from fleet.topics import Verb

CAPACITY = 12
Number = tuple[int, int]


def reading(boot: int, seq: int) -> Reading:
    return Reading(ts=1_700_000_000_000, boot=boot, seq=seq, values={"battery.soc": 50.0})


def entry(boot: int, first: int, last: int | None = None) -> Entry:
    numbers = range(first, (last or first) + 1)
    return Entry(Verb.TELEMETRY, tuple(reading(boot, number) for number in numbers))


def spoken(payload: bytes) -> list[dict[str, Any]]:
    decoded = json.loads(payload)
    return decoded if isinstance(decoded, list) else [decoded]


def filled(*entries: Entry, capacity: int = 10_000) -> Outbox:
    outbox = Outbox(capacity=capacity)
    for kept in entries:
        outbox.keep(kept)
    return outbox


class Platform:
    """What the contract asks of the receiving side: stores by identity, confirms the unbroken run of numbers."""

    def __init__(self) -> None:
        self.stored: set[Number] = set()

    def take(self, payload: bytes, modesty: int = 0) -> Receipt | None:
        """A receipt where one is asked for; a modest one confirms less than it could, also the middle of an array."""
        heard = spoken(payload)
        self.stored.update((part["boot"], part["seq"]) for part in heard)
        boot, asked = heard[-1]["boot"], heard[-1].get("outbox_from")
        if asked is None:
            return None
        upto = asked - 1
        while (boot, upto + 1) in self.stored:
            upto += 1
        return Receipt(boot=boot, seq=max(asked - 1, upto - modesty))


class OutboxOnABadLine(RuleBasedStateMachine):
    """A device and a platform with a line between them that loses, repeats and reorders in both directions."""

    up = Bundle("up")
    down = Bundle("down")

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(capacity=CAPACITY)
        self.platform = Platform()
        self.boot, self.seq = 1, 0
        self.entries: list[Entry] = []
        self.confirmed: dict[int, int] = {}
        self.given_up = 0

    def model_keeps(self) -> list[Entry]:
        """What has to be there, reckoned without looking into the outbox."""
        return [kept for kept in self.entries if kept.last > self.confirmed.get(kept.boot, 0)]

    def send(self, sent: Entry, *, ask: bool | None = None) -> bytes:
        payload = self.outbox.wrap(sent, ask=ask)
        last = spoken(payload)[-1]
        if "outbox_from" in last:
            assert last["outbox_from"] == min(kept.first for kept in self.model_keeps() if kept.boot == sent.boot)
        return payload

    @rule(target=up, size=st.integers(1, 3))
    def produce(self, size: int) -> bytes:
        made = entry(self.boot, self.seq + 1, self.seq + size)
        self.seq += size
        kept = self.model_keeps()
        if len(kept) == CAPACITY:
            self.entries.remove(kept[0])
            self.given_up += len(kept[0].parts)
        self.entries.append(made)
        self.outbox.keep(made)
        return self.send(made)

    @rule()
    def reboot(self) -> None:
        self.boot, self.seq = self.boot + 1, 0

    @rule(target=down, payload=consumes(up), modesty=st.integers(0, 2))
    def arrive(self, payload: bytes, modesty: int) -> Receipt | None:
        return self.platform.take(payload, modesty)

    @rule(target=down, payload=up)
    def arrive_and_come_again(self, payload: bytes) -> Receipt | None:
        return self.platform.take(payload)

    @rule(payload=consumes(up))
    def lose(self, payload: bytes) -> None:
        assert payload

    @rule(receipt=consumes(down))
    def confirm(self, receipt: Receipt | None) -> None:
        self.take_receipt(receipt)

    @rule(receipt=down)
    def confirm_and_come_again(self, receipt: Receipt | None) -> None:
        self.take_receipt(receipt)

    def take_receipt(self, receipt: Receipt | None) -> None:
        if receipt is not None:
            self.confirmed[receipt.boot] = max(receipt.seq, self.confirmed.get(receipt.boot, 0))
            self.outbox.trim(receipt)

    @rule()
    def lose_the_line(self) -> None:
        self.outbox.start_over()

    @rule()
    def wait_in_vain(self) -> None:
        self.outbox.receipt_overdue()

    @precondition(lambda self: len(self.outbox) > 0)
    @rule(target=up, data=st.data())
    def send_again(self, data: st.DataObject) -> bytes:
        """A window goes; one message of it arrives later, the rest is lost."""
        window = [self.send(kept, ask=ask) for kept, ask in self.outbox.next_window()]
        return data.draw(st.sampled_from(window)) if window else self.send(self.model_keeps()[0], ask=True)

    @invariant()
    def keeps_exactly_what_is_neither_confirmed_nor_given_up(self) -> None:
        assert list(self.outbox._entries) == self.model_keeps()
        assert self.outbox.given_up == self.given_up
        assert len(self.outbox) <= CAPACITY

    @invariant()
    def confirms_only_what_is_stored(self) -> None:
        for kept in self.entries:
            if kept.last <= self.confirmed.get(kept.boot, 0):
                assert {(kept.boot, part.seq) for part in kept.parts} <= self.platform.stored

    def teardown(self) -> None:
        """Once the line is good, everything still kept arrives and is confirmed, within one round per window."""
        for _ in range(4 * CAPACITY):
            self.outbox.receipt_overdue()
            while window := self.outbox.next_window():
                for kept, ask in window:
                    self.take_receipt(self.platform.take(self.send(kept, ask=ask)))
        assert len(self.outbox) == 0
        assert not self.outbox.asking
        everything = {(kept.boot, part.seq) for kept in self.entries for part in kept.parts}
        assert everything <= self.platform.stored


TestOutboxOnABadLine = OutboxOnABadLine.TestCase
TestOutboxOnABadLine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_every_twentieth_message_asks_for_a_receipt() -> None:
    outbox = Outbox()
    asking = []
    for number in range(1, 3 * ASK_EVERY + 1):
        kept = entry(1, number)
        outbox.keep(kept)
        asking += [number] if "outbox_from" in spoken(outbox.wrap(kept))[0] else []
    assert asking == [ASK_EVERY, 2 * ASK_EVERY, 3 * ASK_EVERY]


def test_the_request_names_the_lowest_number_of_its_own_boot() -> None:
    outbox = filled(entry(1, 7), entry(2, 3), entry(2, 4))
    assert spoken(outbox.wrap(entry(2, 4), ask=True))[0]["outbox_from"] == 3
    assert spoken(outbox.wrap(entry(1, 7), ask=True))[0]["outbox_from"] == 7


def test_an_array_asks_in_its_last_reading_and_goes_as_a_whole() -> None:
    outbox = filled(entry(1, 1, 3))
    heard = spoken(outbox.wrap(entry(1, 1, 3), ask=True))
    assert [part.get("outbox_from") for part in heard] == [None, None, 1]
    assert outbox.trim(Receipt(boot=1, seq=2)) == []
    assert len(outbox.trim(Receipt(boot=1, seq=3))) == 3


@pytest.mark.parametrize(
    ("boot", "seq", "left"), [(1, 0, 3), (1, 1, 2), (1, 2, 1), (1, 2**53, 1), (2, 1, 2), (3, 99, 3)]
)
def test_a_receipt_trims_its_boot_up_to_its_number_and_no_more(boot: int, seq: int, left: int) -> None:
    outbox = filled(entry(1, 1), entry(1, 2), entry(2, 1))
    outbox.trim(Receipt(boot=boot, seq=seq))
    assert len(outbox) == left


def test_overflow_gives_up_the_oldest_and_counts_every_numbered_message() -> None:
    first = entry(1, 1, 3)
    outbox = filled(first, entry(1, 4), entry(1, 5), capacity=2)
    assert (len(outbox), outbox.given_up, first.gone, outbox.lowest(1)) == (2, 3, True, 4)


def answered(outbox: Outbox, window: list[tuple[Entry, bool]]) -> None:
    """The platform stores a window and says so."""
    for kept, ask in window:
        outbox.wrap(kept, ask=ask)
    outbox.trim(Receipt(boot=window[-1][0].boot, seq=window[-1][0].last))


def test_windows_double_with_every_receipt_up_to_a_bound_and_the_last_message_asks() -> None:
    outbox = filled(*(entry(1, number) for number in range(1, 301)))
    outbox.start_over()
    sizes = []
    while window := outbox.next_window():
        assert [ask for _, ask in window] == [False] * (len(window) - 1) + [True]
        sizes.append(len(window))
        answered(outbox, window)
    assert sizes[:7] == [1, 2, 4, 8, 16, 32, RESEND_WINDOW]
    assert max(sizes) == RESEND_WINDOW
    assert (sum(sizes), len(outbox)) == (300, 0)


def test_where_only_receipts_were_lost_one_question_settles_all() -> None:
    outbox = filled(*(entry(1, number) for number in range(1, 101)))
    outbox.start_over()
    ((oldest, asks),) = outbox.next_window()
    assert (oldest.first, asks) == (1, True)
    outbox.wrap(oldest, ask=True)
    outbox.trim(Receipt(boot=1, seq=100))
    assert outbox.next_window() == []


def test_silence_begins_again_with_a_single_question() -> None:
    outbox = filled(*(entry(1, number) for number in range(1, 301)))
    outbox.start_over()
    for _ in range(6):
        answered(outbox, outbox.next_window())
    for kept, ask in outbox.next_window():
        outbox.wrap(kept, ask=ask)
    outbox.receipt_overdue()
    assert [(kept.first, ask) for kept, ask in outbox.next_window()] == [(64, True)]


def test_a_boot_that_is_never_confirmed_does_not_keep_others_from_going() -> None:
    outbox = filled(entry(1, 1), entry(2, 1), entry(3, 1))
    outbox.start_over()
    seen = []
    for _ in range(4):
        ((kept, ask),) = outbox.next_window()
        outbox.wrap(kept, ask=ask)
        seen.append(kept.boot)
        outbox.receipt_overdue()
    assert seen == [1, 2, 3, 1]


def test_a_request_is_open_until_a_receipt_covers_what_asked() -> None:
    outbox = filled(entry(1, 1), entry(1, 2))
    outbox.wrap(entry(1, 2), ask=True)
    outbox.trim(Receipt(boot=1, seq=1))
    assert outbox.asking
    outbox.trim(Receipt(boot=1, seq=2))
    assert not outbox.asking


def test_events_and_replies_ask_as_readings_do() -> None:
    event = Occurrence(ts=1, boot=1, seq=1, event="mask_on")
    reply = Reply(ts=1, boot=1, seq=2, command_id="c", status="succeeded")
    outbox = filled(Entry(Verb.EVENT, (event,)), Entry(Verb.REPLY, (reply,)))
    assert codec.decode(outbox.wrap(Entry(Verb.EVENT, (event,)), ask=True), Occurrence).outbox_from == 1
    assert codec.decode(outbox.wrap(Entry(Verb.REPLY, (reply,)), ask=True), Reply).outbox_from == 1
