import gc
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import believed
from fleet.errors import RejectionReason
from fleet.messages import SENML_CONTENT
from ingest.accept import Acceptance, believed_milliseconds
from ingest.accepted import FaultName, Identity
from ingest.contents import fault_name
from tests.unit.ingest.support import (
    CHAIR,
    DISPENSER,
    NOW,
    NOW_MS,
    SCALE,
    accepted,
    delivery,
    event,
    reading,
    register,
)

DAY = 86_400_000
UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


def only_refusal(*arguments: object, **options: object) -> tuple[RejectionReason, str]:
    result = accepted(delivery(*arguments, **options))  # type: ignore[arg-type]  # passed on as given
    assert result.readings == []
    assert result.events == []
    (refused,) = result.rejected
    return refused.reason, refused.advice


def test_a_reading_is_kept_at_its_own_time_with_its_values() -> None:
    result = accepted(delivery(SCALE, reading(7, {"body.weight": 81.4, "battery.level": None})))
    (record,) = result.readings
    assert (record.device.number, record.at, record.corrected) == (1, NOW_MS - 1000, False)
    assert (record.reading.boot, record.reading.seq) == (1, 7)
    assert record.values == {"body.weight": 81.4}
    assert not record.unknown
    assert result.rejected == []


def test_an_array_becomes_one_record_each() -> None:
    result = accepted(delivery(SCALE, [reading(1, {"body.weight": 80}), reading(2, {"body.weight": 81})]))
    assert [(r.reading.seq, r.values["body.weight"]) for r in result.readings] == [(1, 80.0), (2, 81.0)]


def test_senml_is_a_second_spelling() -> None:
    pack = [{"bt": NOW_MS / 1000 - 5, "fk_boot": 3, "fk_seq": 9, "n": "body.weight", "u": "kg", "v": 70.5}]
    (record,) = accepted(delivery(SCALE, pack, content_type=SENML_CONTENT)).readings
    assert (record.reading.boot, record.reading.seq, record.values) == (3, 9, {"body.weight": 70.5})


def test_what_no_metric_describes_is_kept_apart() -> None:
    (record,) = accepted(delivery(SCALE, reading(1, {"body.weight": 80, "mood": 5}))).readings
    assert record.values == {"body.weight": 80.0}
    assert dict(record.unknown) == {"mood": 5.0}


DEEP = b'{"ts":1,"boot":1,"seq":1,"values":' + b'{"a":' * 1000 + b"1" + b"}" * 1001
MALFORMED = [
    pytest.param(b"\xff\xfe", RejectionReason.NOT_UTF8, "UTF-8", id="not UTF-8"),
    pytest.param(b"hello", RejectionReason.NOT_JSON, "JSON", id="not JSON"),
    pytest.param(b'{"ts":1,"boot":1,"seq":1,"values":{"body.weight":NaN}}', RejectionReason.NOT_JSON, "NaN", id="NaN"),
    pytest.param(
        json.dumps(reading(1, {"body.weight": 0})).replace(" 0}", " 1e999}").encode(),
        RejectionReason.WRONG_SHAPE,
        "range",
        id="1e999",
    ),
    pytest.param(
        json.dumps(reading(1, {"body.weight": "heavy"})).encode(),
        RejectionReason.WRONG_SHAPE,
        "Schema",
        id="wrong type",
    ),
    pytest.param(
        json.dumps(reading(1, {"body.weight": 8140})).encode(), RejectionReason.OUT_OF_RANGE, "check unit", id="range"
    ),
    pytest.param(json.dumps(reading(1, {})).encode(), RejectionReason.WRONG_SHAPE, "Schema", id="no values"),
    pytest.param(b"[]", RejectionReason.WRONG_SHAPE, "at least one", id="empty array"),
    pytest.param(b" " * (1024 * 1024), RejectionReason.TOO_LARGE, "split", id="1 MB"),
    pytest.param(DEEP, RejectionReason.WRONG_SHAPE, "Schema", id="objects 1,000 deep"),
    pytest.param(b"[" * 1000 + b"]" * 1000, RejectionReason.WRONG_SHAPE, "Schema", id="arrays 1,000 deep"),
    pytest.param(b"", RejectionReason.NOT_JSON, "send `state` or `birth`", id="empty"),
    pytest.param(
        json.dumps(reading(1, {"nul\0": 1})).encode(), RejectionReason.WRONG_SHAPE, "U+0000", id="a NUL in a name"
    ),
]


@pytest.mark.parametrize(("payload", "reason", "words"), MALFORMED)
def test_malformed_telemetry_is_refused_with_a_sentence_that_says_what_to_do(
    payload: bytes, reason: RejectionReason, words: str
) -> None:
    found, advice = only_refusal(SCALE, payload)
    assert found is reason
    assert words in advice


def test_an_unknown_device_is_refused_without_claiming_an_identity() -> None:
    result = accepted(delivery("stranger-1", reading(1, {"body.weight": 80})))
    (refused,) = result.rejected
    assert refused.reason is RejectionReason.UNKNOWN_DEVICE
    assert "fjarrkoll enroll" in refused.advice
    assert refused.device is None
    assert refused.identity is None


@pytest.mark.parametrize(
    "topic", ["fk/v1/scale-01/nonsense", "fk/v1/scale-01/command", "elsewhere/x", "fk/v1/SCALE/telemetry"]
)
def test_a_topic_that_is_not_ours_is_refused(topic: str) -> None:
    message = delivery(SCALE, reading(1, {"body.weight": 80}))
    result = accepted(type(message)(topic, message.payload, None, False, False, 1, 1))
    assert [refused.reason for refused in result.rejected] == [RejectionReason.UNKNOWN_TOPIC]


def test_what_broker_and_ingest_say_themselves_is_set_aside() -> None:
    message = delivery(SCALE, b"42")
    topics = ["$SYS/broker/publish/messages/dropped", "fk/ingest/ingest-0"]
    result = accepted(*(type(message)(topic, b"42", None, False, False, 1, 1) for topic in topics))
    assert result.asides == dict.fromkeys(topics, "42")
    assert result.rejected == []


def test_one_bad_reading_of_an_array_takes_no_good_one_with_it() -> None:
    bodies = [reading(1, {"body.weight": 80}), reading(2, {"body.weight": 9000}), reading(3, {"body.weight": 82})]
    result = accepted(delivery(SCALE, bodies))
    assert [record.reading.seq for record in result.readings] == [1, 3]
    (refused,) = result.rejected
    assert (refused.reason, refused.identity) == (RejectionReason.OUT_OF_RANGE, (1, 2))
    assert json.loads(refused.source.payload)["values"] == {"body.weight": 9000.0}


def test_one_unreadable_element_of_an_array_takes_no_good_one_with_it() -> None:
    bodies = [
        reading(1, {"body.weight": 80}),
        {**reading(2, {}), "values": "none"},
        17,
        [],
        reading(3, {"body.weight": 82}),
    ]
    result = accepted(delivery(SCALE, bodies))
    assert [record.reading.seq for record in result.readings] == [1, 3]
    assert [refused.identity for refused in result.rejected] == [(1, 2), None, None]
    assert json.loads(result.rejected[0].source.payload) == bodies[1]


def test_an_array_that_is_no_json_is_kept_whole_and_all_its_identities_count_as_kept() -> None:
    text = json.dumps([reading(seq, {"body.weight": 80}) for seq in (1, 2, 3)]).replace("80", "NaN", 1)
    result = accepted(delivery(SCALE, text))
    (refused,) = result.rejected
    assert refused.identity == (1, 1)
    assert result.kept == [Identity(1, 1, 2), Identity(1, 1, 3)]


def test_an_absurd_array_is_refused_as_one() -> None:
    result = accepted(delivery(SCALE, b"[" + b"1," * 5000 + b"1]"))
    assert len(result.rejected) == 1


def test_events_must_be_declared_by_the_class() -> None:
    assert only_refusal(SCALE, event(1, "dose_taken"), "event")[0] is RejectionReason.WRONG_CLASS
    (record,) = accepted(delivery(DISPENSER, event(1, "dose_taken"), "event")).events
    assert record.occurrence.event == "dose_taken"


def test_a_fault_event_is_seen_by_those_who_may_see_the_fault() -> None:
    (record,) = accepted(delivery(CHAIR, event(1, "fault_raised", {"system": "VR2", "code": 3}), "event")).events
    assert record.name == FaultName("vr2", "3")
    assert record.fault is not None
    assert record.audience is record.fault.audience


def test_an_unknown_fault_is_kept_raw() -> None:
    (record,) = accepted(delivery(CHAIR, event(1, "fault_raised", {"system": "vr2", "code": "0xBEEF"}), "event")).events
    assert record.name == FaultName("vr2", "0xBEEF")
    assert record.fault is None


@pytest.mark.parametrize("data", [{}, {"system": "vr2"}, {"code": "3"}, {"system": "", "code": "3"}])
def test_a_fault_event_must_name_system_and_code(data: dict[str, object]) -> None:
    reason, advice = only_refusal(CHAIR, event(1, "fault_raised", data), "event")
    assert reason is RejectionReason.WRONG_SHAPE
    assert "data.system and data.code" in advice


@pytest.mark.parametrize(("code", "text"), [(3.0, "3"), (3.5, "3.5"), ("3", "3"), (" E 5 ", "E 5"), (True, "True")])
def test_native_codes_are_text(code: str | float, text: str) -> None:
    assert fault_name("fault_raised", {"system": "x", "code": code}) == FaultName("x", text)


def test_a_clock_outside_the_window_is_not_believed() -> None:
    result = accepted(
        delivery(SCALE, reading(1, {"body.weight": 80}, ts=0)),
        delivery(SCALE, reading(2, {"body.weight": 80}, ts=4_294_967_295_000)),
        delivery(DISPENSER, event(1, "dose_taken", ts=NOW_MS - 500 * DAY), "event"),
    )
    assert result.readings == []
    assert [(entry.record.at, entry.record.corrected) for entry in result.doubtful] == [(NOW_MS, True)] * 3


def test_once_a_device_told_a_wrong_time_its_believed_messages_are_doubtful_too() -> None:
    known = register()
    accepted(delivery(SCALE, reading(1, {"body.weight": 80}, ts=0)), known=known)
    result = accepted(delivery(SCALE, reading(2, {"body.weight": 80})), known=known)
    (entry,) = result.doubtful
    assert (entry.record.at, entry.record.corrected) == (NOW_MS - 1000, False)
    other = accepted(delivery(CHAIR, reading(2, {"battery.soc": 80})), known=known)
    assert len(other.readings) == 1


@given(st.integers(0, 2**53))
def test_the_window_is_that_of_the_shared_clock(milliseconds: int) -> None:
    assert (milliseconds in believed_milliseconds(NOW)) is believed(milliseconds, NOW)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(minutes=10)])
def test_the_window_ends_where_that_of_the_shared_clock_ends(shift: timedelta) -> None:
    edge = NOW_MS + shift // timedelta(milliseconds=1)
    for milliseconds in (edge - 1, edge, edge + 1):
        assert (milliseconds in believed_milliseconds(NOW)) is believed(milliseconds, NOW)


def reply(**changes: object) -> dict[str, object]:
    return {"ts": NOW_MS - 100, "boot": 1, "seq": 5, "command_id": UUID.upper(), "status": "succeeded", **changes}


def test_an_answer_carries_its_command_in_canonical_form_and_the_faults_it_lists() -> None:
    result = {"faults": [{"system": "VR2", "code": "3"}]}
    (answer,) = accepted(delivery(CHAIR, reply(result=result), "reply")).replies
    assert answer.command_id == UUID
    assert answer.faults is not None
    assert [fault.code for fault in answer.faults] == ["3"]


def test_an_answer_without_a_list_of_faults_lists_none() -> None:
    (answer,) = accepted(delivery(CHAIR, reply(), "reply")).replies
    assert answer.faults is None


def test_answers_that_fit_nothing_are_refused() -> None:
    assert only_refusal(CHAIR, reply(command_id="nonsense"), "reply")[0] is RejectionReason.UNKNOWN_COMMAND
    assert only_refusal(CHAIR, reply(result={"faults": [{"code": "3"}]}), "reply")[0] is RejectionReason.WRONG_SHAPE


def birth(**changes: object) -> dict[str, object]:
    return {
        "ts": NOW_MS,
        "boot": 1,
        "device_class": "scale",
        "model": "and-uc352ble",
        "firmware": "1.0",
        "metrics": [],
        **changes,
    }


def test_a_birth_changes_how_later_messages_of_the_same_batch_are_read() -> None:
    result = accepted(
        delivery(SCALE, reading(1, {"body.weight": 80})),
        delivery(SCALE, birth(), "birth"),
        delivery(SCALE, reading(2, {"weight_raw": 13140})),
    )
    assert [record.values["body.weight"] for record in result.readings] == [80.0, pytest.approx(65.7)]
    assert result.births[0].alive


def test_a_retained_birth_is_no_sign_of_life() -> None:
    assert not accepted(delivery(SCALE, birth(), "birth", retained=True)).births[0].alive


@pytest.mark.parametrize("changes", [{"device_class": "wheelchair"}, {"model": "no-such-model"}])
def test_a_birth_that_contradicts_the_register_is_refused_and_changes_nothing(changes: dict[str, object]) -> None:
    known = register()
    result = accepted(delivery(SCALE, birth(**changes), "birth"), known=known)
    assert [refused.reason for refused in result.rejected] == [RejectionReason.WRONG_CLASS]
    device = known.find(SCALE)
    assert device is not None
    assert device.handling.model_key == "mi-body-composition-2"


@pytest.mark.parametrize(
    ("online", "retained", "alive"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_only_the_device_itself_saying_that_it_is_there_is_a_sign_of_life(
    online: bool, retained: bool, alive: bool
) -> None:
    message = delivery(SCALE, {"ts": NOW_MS, "boot": 2, "online": online}, "state", retained=retained)
    (presence,) = accepted(message).presences
    assert (presence.boot, presence.online, presence.alive) == (2, online, alive)


def test_the_highest_outbox_asks() -> None:
    result = accepted(
        delivery(SCALE, reading(5, {"body.weight": 80}, outbox_from=2)),
        delivery(SCALE, reading(6, {"body.weight": 80}, outbox_from=4)),
        delivery(SCALE, reading(7, {"body.weight": 80}, outbox_from=3)),
        delivery(CHAIR, reading(1, {"battery.soc": 9000}, outbox_from=1)),
    )
    assert result.asked == {(1, 1): (SCALE, 4), (2, 1): (CHAIR, 1)}


def test_the_redelivery_flag_changes_nothing() -> None:
    body = reading(1, {"body.weight": 80})
    first, again = (accepted(delivery(SCALE, body, redelivered=flag)) for flag in (False, True))
    assert [(r.at, r.values) for r in first.readings] == [(r.at, r.values) for r in again.readings]


def test_a_batch_leaves_nothing_for_the_cycle_collector() -> None:
    """It would be freed many batches later, and memory would grow by all of them."""
    gc.collect()
    gc.disable()
    try:
        result = accepted(delivery(SCALE, reading(1, {"body.weight": 80})), delivery(SCALE, b"oops"))
        assert len(result.readings) == 1
        del result
        assert not [found for found in gc.get_objects() if isinstance(found, Acceptance)]
    finally:
        gc.enable()


@given(st.binary(max_size=300), st.sampled_from(["telemetry", "event", "reply", "birth", "state"]))
def test_nothing_a_device_sends_raises(payload: bytes, verb: str) -> None:
    result = accepted(delivery(SCALE, payload, verb))
    assert all(refused.advice for refused in result.rejected)
