"""Requirements on numbers, outbox and receipts: what makes sure that nothing is lost and nothing is stored twice."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from device_sim.conformance.evidence import Evidence, Numbered
from device_sim.conformance.verdict import Verdict, failed, not_seen, passed

GRACE_SECONDS: Final = 2.0
"""A receipt and a message may cross on their way."""
PATIENCE_SECONDS: Final = 10.0
"""Within this an asked-for and missing receipt must lead to sending again: three seconds, jitter, and some air."""
MANY: Final = 40
"""Numbered messages after which a device must have asked for a receipt: twice the recommended twenty."""


def identity(evidence: Evidence) -> Verdict:
    """The same boot and seq is always the same message."""
    if not evidence.numbered:
        return not_seen("no numbered message came")
    first: dict[tuple[int, int], Numbered] = {}
    for numbered in evidence.numbered:
        earlier = first.setdefault(numbered.number, numbered)
        if (earlier.verb, earlier.content) != (numbered.verb, numbered.content):
            boot, seq = numbered.number
            return failed(
                f"boot {boot} seq {seq} came twice with different content: a number belongs to one message for ever"
            )
    return passed(f"{len(evidence.numbered)} messages under {len(first)} numbers, none used twice")


def numbers(evidence: Evidence) -> Verdict:
    """Within a boot, numbers rise by one over all verbs together."""
    if not evidence.numbered:
        return not_seen("no numbered message came")
    heard = _numbers_by_boot(evidence)
    questions = _questions(evidence)
    for boot, seqs in heard.items():
        lowest = min((seq for seq in seqs if (boot, seq) not in questions), default=max(seqs))
        gaps = [seq for seq in range(lowest, max(seqs)) if seq not in seqs]
        if gaps:
            return failed(
                f"boot {boot}: seq {gaps[0]} is missing between {min(seqs)} and {max(seqs)}: number without gaps"
            )
    return passed("; ".join(f"boot {boot}: {min(seqs)} to {max(seqs)}" for boot, seqs in sorted(heard.items())))


def boots(evidence: Evidence) -> Verdict:
    """A start has a higher boot than the one before, and its numbers begin at 1."""
    order = [told.boot for _, told in evidence.births]
    for earlier, later in pairwise(order):
        if later < earlier:
            return failed(
                f"boot {later} came after boot {earlier}: count the starts in memory that survives a power cut"
            )
    if len(set(order)) < 2:
        return not_seen("the device did not start anew: switch it off and on while this listens, or give --restart")
    latest = _numbers_by_boot(evidence).get(order[-1])
    if latest and min(latest) != 1:
        return failed(f"boot {order[-1]} begins with seq {min(latest)}: numbers of a new boot begin at 1")
    return passed(f"boot {order[0]} to {order[-1]}")


def asks(evidence: Evidence) -> Verdict:
    """It asks for receipts, from the lowest number it still keeps."""
    asking = list(evidence.asks())
    if not asking:
        count = len({numbered.number for numbered in evidence.numbered})
        if count >= MANY:
            return failed(f"{count} messages without a request for a receipt: add outbox_from to about every twentieth")
        return not_seen(f"{count} messages came and none asked yet: listen longer")
    for numbered, asked_from in asking:
        boot, seq = numbered.number
        if asked_from > seq:
            return failed(f"boot {boot} seq {seq} asks from {asked_from}, which is above itself: name the lowest kept")
        confirmed = evidence.confirmed_before(numbered.at - GRACE_SECONDS, boot)
        if asked_from <= confirmed:
            return failed(
                f"boot {boot} seq {seq} asks from {asked_from}, though up to {confirmed} was confirmed: trim first"
            )
    return passed(f"{len(asking)} requests, each from the lowest number kept")


def sends_again(evidence: Evidence) -> Verdict:
    """What was asked about and not confirmed goes again; only the first wait is short, later ones grow."""
    waited = 0
    for numbered, asked_from in _first_asks(evidence):
        boot, seq = numbered.number
        until = numbered.at + PATIENCE_SECONDS
        if until > evidence.transcript.seconds or evidence.confirmed_before(until, boot) >= asked_from:
            continue
        waited += 1
        again = {n.number for n in evidence.numbered if numbered.at < n.at <= until}
        if not again & {(boot, number) for number in range(asked_from, seq + 1)}:
            return failed(
                f"boot {boot} seq {seq} asked, got no receipt for {PATIENCE_SECONDS:.0f} s, and nothing came again"
            )
    if not waited:
        return not_seen("every request was answered in time: run it where no ingest answers, with --confirm")
    return passed(f"{waited} unanswered requests led to sending again")


def _first_asks(evidence: Evidence) -> Iterator[tuple[Numbered, int]]:
    """Requests before which the device was not waiting for a receipt already."""
    since: float | None = None
    for numbered, asked_from in evidence.asks():
        if since is None or any(since < confirmed.at < numbered.at for confirmed in evidence.receipts):
            since = numbered.at
            yield numbered, asked_from


def forgets(evidence: Evidence) -> Verdict:
    """What a receipt confirmed does not come again."""
    if not any(confirmed.receipt.seq for confirmed in evidence.receipts):
        return not_seen("no receipt was sent to the device: let ingest run, or give --confirm")
    for numbered in evidence.numbered:
        boot, seq = numbered.number
        if seq <= evidence.confirmed_before(numbered.at - GRACE_SECONDS, boot) and _came_before(evidence, numbered):
            return failed(f"boot {boot} seq {seq} came again after a receipt that covers it: trim the outbox")
    return passed(f"nothing came again after {len(evidence.receipts)} receipts")


def _questions(evidence: Evidence) -> set[tuple[int, int]]:
    """Numbers in messages that ask from their own beginning: the oldest kept, perhaps told before we listened."""
    asked = {(numbered.at, numbered.number[0]): first for numbered, first in evidence.asks()}
    together: dict[tuple[float, int], list[int]] = defaultdict(list)
    for numbered in evidence.numbered:
        boot, seq = numbered.number
        together[numbered.at, boot].append(seq)
    return {(key[1], seq) for key, first in asked.items() if first == min(together[key]) for seq in together[key]}


def _came_before(evidence: Evidence, numbered: Numbered) -> bool:
    return any(n.number == numbered.number and n.at < numbered.at for n in evidence.numbered)


def _numbers_by_boot(evidence: Evidence) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for numbered in evidence.numbered:
        boot, seq = numbered.number
        found[boot].add(seq)
    return dict(found)
