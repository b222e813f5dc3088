"""A good session passes every requirement, each way of being wrong fails its own, and silence proves nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from device_sim.certify import shown
from device_sim.conformance.judge import REQUIREMENTS, Certificate, judge
from device_sim.conformance.transcript import Asked, Purpose, Said, Transcript
from device_sim.conformance.verdict import Outcome
from fleet.clock import to_milliseconds
from fleet.messages import CommandMessage
from fleet.registry import load_registry
from fleet.topics import Verb

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Body = dict[str, Any]


class Story:
    """A session told message by message; a test changes what it is about."""

    def __init__(self) -> None:
        self.transcript = Transcript("dev-1", BEGAN, seconds=45.0, commanding=True)

    def say(self, at: float, verb: Verb, body: Body | bytes, **changes: Any) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.transcript.said.append(Said(at, verb, payload, **changes))

    def tell(self, at: float, verb: Verb, boot: int, seq: int, **fields: Any) -> None:
        self.say(at, verb, {"ts": self.ms(at), "boot": boot, "seq": seq, **fields})

    def ask(self, at: float, purpose: Purpose, name: str, counter: int) -> None:
        sent = CommandMessage(
            command_id=f"c-{purpose}", name=name, counter=counter, issued_at=self.ms(at), not_after=self.ms(at + 30)
        )
        self.transcript.asked.append(Asked(at, purpose, sent))

    def birth(self, at: float, boot: int) -> Body:
        metrics = ["network.rssi", "mains.present", "battery.level"]
        return {
            "ts": self.ms(at),
            "boot": boot,
            "device_class": "dispenser",
            "model": "roll-dispenser-r2",
            "firmware": "1.0",
            "metrics": metrics,
        }

    def come_up(self, at: float, boot: int) -> None:
        state = {"ts": self.ms(at), "boot": boot, "online": True}
        self.say(at, Verb.BIRTH, self.birth(at, boot))
        self.say(at, Verb.STATE, state)
        self.transcript.kept = {
            Verb.BIRTH: json.dumps(self.birth(at, boot)).encode(),
            Verb.STATE: json.dumps(state).encode(),
        }

    @staticmethod
    def ms(at: float) -> int:
        return to_milliseconds(BEGAN) + int(at * 1000)


def good() -> Story:
    """Up, a few messages, a receipt that is late, commands, a restart."""
    story = Story()
    story.come_up(0.1, boot=7)
    story.tell(1, Verb.TELEMETRY, 7, 31, values={"network.rssi": -70})
    story.tell(2, Verb.EVENT, 7, 32, event="fault_raised", data={"system": "dispenser-gateway", "code": "jam"})
    asking = {"ts": story.ms(3), "boot": 7, "seq": 33, "values": {"mains.present": True}, "outbox_from": 31}
    story.say(3, Verb.TELEMETRY, asking)
    story.say(7, Verb.TELEMETRY, {"ts": story.ms(1), "boot": 7, "seq": 31, "values": {"network.rssi": -70}})
    story.say(7.2, Verb.TELEMETRY, asking)
    story.say(15, Verb.STORED, {"boot": 7, "seq": 33})
    story.ask(16, Purpose.READ_FAULTS, "read_faults", 1)
    faults = {"faults": [{"system": "dispenser-gateway", "code": "jam", "count": 2}]}
    story.tell(16.1, Verb.REPLY, 7, 34, command_id="c-read_faults", status="succeeded", result=faults)
    story.ask(17, Purpose.REPLAYED, "read_faults", 1)
    story.ask(19, Purpose.EXPIRED, "read_faults", 2)
    story.tell(19.1, Verb.REPLY, 7, 35, command_id="c-expired", status="expired")
    story.ask(20, Purpose.UNKNOWN, "no_such_command", 3)
    story.tell(20.1, Verb.REPLY, 7, 36, command_id="c-unknown", status="refused", reason="unknown")
    story.ask(21, Purpose.UNSAFE, "self_test", 4)
    story.tell(21.1, Verb.REPLY, 7, 37, command_id="c-unsafe", status="refused", reason="not while dosing")
    story.say(22, Verb.STATE, {"ts": story.ms(0), "boot": 7, "online": False})
    story.come_up(23, boot=8)
    story.ask(23.5, Purpose.AFTER_RESTART, "read_faults", 1)
    story.tell(24, Verb.TELEMETRY, 8, 1, values={"battery.level": 97.5})
    return story


def outcomes(story: Story) -> dict[str, Outcome]:
    return {verdict.name: verdict.outcome for verdict in certificate(story).verdicts}


def certificate(story: Story) -> Certificate:
    return judge(story.transcript, load_registry())


def failing(story: Story) -> set[str]:
    return {name for name, outcome in outcomes(story).items() if outcome is Outcome.FAILED}


def edited(verb: Verb, place: int, **fields: Any) -> Callable[[Story], None]:
    """Changes fields of the message of a verb at a place in its order."""

    def edit(story: Story) -> None:
        index = [n for n, said in enumerate(story.transcript.said) if said.verb is verb][place]
        said = story.transcript.said[index]
        body = json.loads(said.payload) | fields
        kept = {name: value for name, value in body.items() if value != "left out"}
        story.transcript.said[index] = Said(said.at, verb, json.dumps(kept).encode())

    return edit


def without(verb: Verb, place: int | None = None) -> Callable[[Story], None]:
    """Leaves out the messages of a verb, or the one at a place."""

    def leave_out(story: Story) -> None:
        chosen = [said for said in story.transcript.said if said.verb is verb]
        chosen = chosen if place is None else [chosen[place]]
        story.transcript.said = [said for said in story.transcript.said if said not in chosen]

    return leave_out


def said_too(at: float, verb: Verb, **body: Any) -> Callable[[Story], None]:
    return lambda story: story.say(at, verb, {"ts": story.ms(at), **body})


def not_kept(verb: Verb) -> Callable[[Story], None]:
    def forget(story: Story) -> None:
        story.transcript.kept = {key: value for key, value in story.transcript.kept.items() if key is not verb}

    return forget


def kept_state(**fields: Any) -> Callable[[Story], None]:
    def keep(story: Story) -> None:
        body = json.loads(story.transcript.kept[Verb.STATE]) | fields
        story.transcript.kept = {**story.transcript.kept, Verb.STATE: json.dumps(body).encode()}

    return keep


def never_asks(story: Story) -> None:
    for place in (1, 3):
        edited(Verb.TELEMETRY, place, outbox_from=None)(story)
    for seq in range(2, 45):
        story.tell(25, Verb.TELEMETRY, 8, seq, values={"battery.level": 97.5})


WRONG: list[tuple[str, str, Callable[[Story], None]]] = [
    ("birth", "none", lambda story: (without(Verb.BIRTH)(story), not_kept(Verb.BIRTH)(story), None)[-1]),
    ("birth", "not retained", not_kept(Verb.BIRTH)),
    ("birth", "unreadable", edited(Verb.BIRTH, 0, metrics="all")),
    ("birth", "unknown class", edited(Verb.BIRTH, 1, device_class="toaster")),
    ("birth", "unknown model", edited(Verb.BIRTH, 1, model="no-such-model")),
    ("birth", "metrics of another class", edited(Verb.BIRTH, 1, metrics=["battery.level", "body.weight"])),
    ("state", "none", lambda story: (without(Verb.STATE)(story), not_kept(Verb.STATE)(story), None)[-1]),
    ("state", "not retained", not_kept(Verb.STATE)),
    ("state", "in words", edited(Verb.STATE, 0, online="yes")),
    ("state", "another boot", kept_state(boot=9)),
    ("state", "offline while it speaks", kept_state(online=False)),
    ("last will", "no will", without(Verb.STATE, 1)),
    ("last will", "will of another boot", edited(Verb.STATE, 1, boot=3)),
    ("telemetry", "not JSON", lambda story: story.say(25, Verb.TELEMETRY, b"battery at 87")),
    ("telemetry", "out of range", edited(Verb.TELEMETRY, 4, values={"battery.level": 975})),
    ("telemetry", "a flag as a number", edited(Verb.TELEMETRY, 4, values={"mains.present": 2})),
    ("names", "unknown", said_too(25, Verb.TELEMETRY, boot=8, seq=2, values={"gadget.reading": 1})),
    ("names", "not listed in birth", said_too(25, Verb.TELEMETRY, boot=8, seq=2, values={"doses.taken": 1})),
    ("events", "undeclared", said_too(25, Verb.EVENT, boot=8, seq=2, event="drive_started")),
    ("events", "a fault without code", edited(Verb.EVENT, 0, data={"system": "dispenser-gateway"})),
    ("events", "unreadable", said_too(25, Verb.EVENT, boot=8, seq=2, event="")),
    ("clock", "1970", edited(Verb.TELEMETRY, 4, ts=300_000)),
    ("clock", "2106", edited(Verb.TELEMETRY, 4, ts=4_294_967_295_000)),
    ("clock", "beyond any calendar", edited(Verb.TELEMETRY, 4, ts=2**53)),
    ("identity", "a number used twice", edited(Verb.TELEMETRY, 2, values={"network.rssi": -71})),
    ("identity", "over two verbs", said_too(25, Verb.EVENT, boot=8, seq=1, event="lid_opened")),
    ("numbers", "a gap", said_too(25, Verb.TELEMETRY, boot=8, seq=4, values={"battery.level": 97.5})),
    ("boots", "falls", edited(Verb.BIRTH, 1, boot=6)),
    ("boots", "numbers go on", edited(Verb.TELEMETRY, 4, seq=37)),
    ("asks for receipts", "never", never_asks),
    ("asks for receipts", "from above itself", edited(Verb.TELEMETRY, 1, outbox_from=34)),
    (
        "asks for receipts",
        "from what is confirmed",
        said_too(25, Verb.TELEMETRY, boot=7, seq=37, values={"battery.level": 9}, outbox_from=31),
    ),
    (
        "sends again",
        "never",
        lambda story: (without(Verb.TELEMETRY, 3)(story), without(Verb.TELEMETRY, 2)(story), None)[-1],
    ),
    (
        "forgets the confirmed",
        "keeps on sending",
        lambda story: story.say(25, Verb.TELEMETRY, story.transcript.said[2].payload),
    ),
    ("reads faults", "silent", without(Verb.REPLY, 0)),
    ("reads faults", "refused", edited(Verb.REPLY, 0, status="refused")),
    ("reads faults", "no list", edited(Verb.REPLY, 0, result={"faults": "none"})),
    ("reads faults", "no result", edited(Verb.REPLY, 0, result={})),
    ("refuses the expired", "executes", edited(Verb.REPLY, 1, status="succeeded")),
    ("refuses the expired", "silent", without(Verb.REPLY, 1)),
    (
        "refuses the replayed",
        "executes the counter",
        said_too(18, Verb.REPLY, boot=7, seq=38, command_id="c-replayed", status="succeeded"),
    ),
    (
        "refuses the replayed",
        "executes the message",
        said_too(18, Verb.REPLY, boot=7, seq=38, command_id="c-read_faults", status="succeeded", result={"faults": []}),
    ),
    ("refuses the unknown", "executes", edited(Verb.REPLY, 2, status="succeeded")),
    ("refuses the unknown", "silent", without(Verb.REPLY, 2)),
    ("refuses the unsafe", "executes", edited(Verb.REPLY, 3, status="succeeded")),
    ("refuses the unsafe", "silent", without(Verb.REPLY, 3)),
    (
        "remembers over a restart",
        "executes the counter again",
        said_too(24, Verb.REPLY, boot=8, seq=2, command_id="c-after_restart", status="succeeded"),
    ),
]


def test_a_good_session_passes_everything() -> None:
    assert set(outcomes(good()).values()) == {Outcome.PASSED}
    assert certificate(good()).good


@pytest.mark.parametrize(
    ("requirement", "wrong"), [(name, wrong) for name, _, wrong in WRONG], ids=[f"{n}: {how}" for n, how, _ in WRONG]
)
def test_each_way_of_being_wrong_fails_its_requirement(requirement: str, wrong: Callable[[Story], None]) -> None:
    story = good()
    wrong(story)
    assert requirement in failing(story)
    assert len(failing(story)) <= 3
    assert not certificate(story).good


def test_every_requirement_can_fail() -> None:
    assert {name for name, _, _ in WRONG} == set(REQUIREMENTS)


def test_silence_is_not_called_passed() -> None:
    silent = Story()
    assert Outcome.PASSED not in outcomes(silent).values()
    assert failing(silent) == {"birth", "state"}
    assert not certificate(silent).good
    assert "nothing was heard of dev-1" in shown(certificate(silent))


def test_listening_alone_leaves_commands_unseen_and_says_how_to_see_them() -> None:
    story = good()
    story.transcript.asked = []
    story.transcript.commanding = False
    unseen = [v for v in certificate(story).verdicts if v.outcome is Outcome.NOT_SEEN]
    assert [verdict.name for verdict in unseen] == list(REQUIREMENTS)[-6:]
    assert all("give --counter" in verdict.sentence for verdict in unseen)
    assert certificate(story).good


def test_what_did_not_happen_is_not_seen() -> None:
    story = Story()
    story.come_up(0.1, boot=7)
    story.tell(1, Verb.TELEMETRY, 7, 31, values={"network.rssi": -70})
    seen = {name for name, outcome in outcomes(story).items() if outcome is Outcome.PASSED}
    assert seen == {"birth", "state", "telemetry", "names", "clock", "identity", "numbers"}
    assert failing(story) == set()


def test_a_repeat_that_crossed_with_its_receipt_is_no_fault() -> None:
    story = good()
    story.say(16, Verb.TELEMETRY, story.transcript.said[2].payload)
    assert failing(story) == set()


def test_only_the_first_wait_has_to_be_short() -> None:
    story = good()
    story.transcript.seconds = 120.0
    values = {"network.rssi": -70}
    for at in (30, 34, 42, 60):  # asked again after 3, then 6, then 12 seconds and some
        story.say(at, Verb.TELEMETRY, {"ts": story.ms(30), "boot": 8, "seq": 2, "values": values, "outbox_from": 1})
    assert failing(story) == set()


def test_a_request_near_the_end_of_the_session_is_not_held_against_it() -> None:
    story = good()
    story.tell(40, Verb.TELEMETRY, 8, 2, values={"battery.level": 97.5}, outbox_from=1)
    assert failing(story) == set()


def test_units_of_senml_are_checked_as_the_platform_checks_them() -> None:
    story = good()
    pack = [{"bt": story.ms(25) / 1000, "fk_boot": 8, "fk_seq": 2, "n": "battery.level", "u": "V", "v": 12}]
    story.say(25, Verb.TELEMETRY, json.dumps(pack).encode(), content_type="application/senml+json")
    assert failing(story) == {"telemetry"}


def test_the_certificate_reads_for_people_and_machines() -> None:
    story = good()
    edited(Verb.REPLY, 1, status="succeeded")(story)
    told = shown(certificate(story))
    assert "FAILED    refuses the expired" in told
    assert "dev-1: 18 passed, 1 failed, 0 not seen" in told
    told_machine = certificate(story).as_json()
    assert told_machine["good"] is False
    assert [r["name"] for r in told_machine["requirements"] if r["outcome"] == "failed"] == ["refuses the expired"]


def test_the_oldest_that_a_device_keeps_may_come_again_from_before_we_listened() -> None:
    story = good()
    story.say(
        6, Verb.TELEMETRY, {"ts": story.ms(0), "boot": 7, "seq": 4, "values": {"mains.present": True}, "outbox_from": 4}
    )
    assert "numbers" not in failing(story)
    story.say(6.5, Verb.TELEMETRY, {"ts": story.ms(0), "boot": 7, "seq": 9, "values": {"mains.present": True}})
    assert "numbers" in failing(story)
