"""Bytes to messages and back: what is understood, and what is refused with which advice."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.codec import decode, decode_telemetry, encode, identity_of
from fleet.errors import RejectedMessageError, RejectionReason
from fleet.messages import MAXIMUM_PAYLOAD, Birth, CommandMessage, Occurrence, Presence, Reading, Receipt, Reply

names = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=80)
values = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
readings = st.builds(
    Reading,
    ts=st.integers(0, 2**53),
    boot=st.integers(0, 2**31 - 1),
    seq=st.integers(1, 2**53),
    values=st.dictionaries(names, values, min_size=1, max_size=8),
    outbox_from=st.none() | st.integers(1, 2**53),
)


def refusal(payload: bytes, content_type: str | None = None) -> RejectedMessageError:
    with pytest.raises(RejectedMessageError) as caught:
        decode_telemetry(payload, content_type)
    return caught.value


@given(readings)
def test_a_reading_survives_the_wire(reading: Reading) -> None:
    assert decode_telemetry(encode(reading)) == ([reading], {})


@given(st.lists(readings, min_size=1, max_size=4))
def test_stored_up_readings_survive_the_wire_in_order(stored_up: list[Reading]) -> None:
    assert decode_telemetry(encode(stored_up))[0] == stored_up


@pytest.mark.parametrize(
    "message",
    [
        Occurrence(ts=1, boot=2, seq=3, event="fault_raised", data={"system": "vr2", "code": "3", "count": 2.0}),
        Reply(ts=1, boot=2, seq=3, command_id="c1", status="refused", reason="kör", result={"faults": []}),
        Birth(ts=1, boot=2, device_class="scale", model="m", firmware="1.0", metrics=["body.weight"]),
        Presence(ts=1, boot=2, online=False),
        CommandMessage(command_id="c1", name="self_test", counter=1, issued_at=1, not_after=2),
        Receipt(boot=2, seq=0),
    ],
)
def test_every_message_survives_the_wire(
    message: Occurrence | Reply | Birth | Presence | CommandMessage | Receipt,
) -> None:
    assert decode(encode(message), type(message)) == message


def test_the_wire_is_readable_json_without_what_is_not_set() -> None:
    assert encode(Reading(ts=1, boot=2, seq=3, values={"a": 1.5})) == b'{"ts":1,"boot":2,"seq":3,"values":{"a":1.5}}'


def test_fields_of_later_versions_are_passed_over() -> None:
    found, _ = decode_telemetry(b'{"ts":1,"boot":1,"seq":1,"values":{"a":1},"later":[1,{"x":2}]}')
    assert found == [Reading(ts=1, boot=1, seq=1, values={"a": 1.0})]


GOOD = '{{"ts":{ts},"boot":{boot},"seq":{seq},"values":{values}}}'


def payload(ts: object = 1, boot: object = 1, seq: object = 1, values: str = '{"a":1}') -> bytes:
    return GOOD.format(ts=ts, boot=boot, seq=seq, values=values).encode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", RejectionReason.NOT_JSON),
        (b"battery=3", RejectionReason.NOT_JSON),
        (b"\xff\xfe", RejectionReason.NOT_UTF8),
        (b'{"\xf6":1}', RejectionReason.NOT_UTF8),
        (payload().replace(b'"a"', b'"\xed\xa0\x80"'), RejectionReason.NOT_UTF8),
        (payload(values='{"a":NaN}'), RejectionReason.NOT_JSON),
        (payload(values='{"a":Infinity}'), RejectionReason.NOT_JSON),
        (payload(values='{"\\ud800":1}'), RejectionReason.NOT_JSON),
        (payload(values='{"a":1e999}'), RejectionReason.WRONG_SHAPE),
        (payload(values='{"a":' + "9" * 400 + "}"), RejectionReason.WRONG_SHAPE),
        (payload(values='{"a":"12"}'), RejectionReason.WRONG_SHAPE),
        (payload(values='{"a":[1]}'), RejectionReason.WRONG_SHAPE),
        (payload(values="{}"), RejectionReason.WRONG_SHAPE),
        (payload(values='{"":1}'), RejectionReason.WRONG_SHAPE),
        (payload(values='{"' + "a" * 81 + '":1}'), RejectionReason.WRONG_SHAPE),
        (payload(values='{"\\u0000":1}'), RejectionReason.WRONG_SHAPE),
        (payload(ts=-1), RejectionReason.WRONG_SHAPE),
        (payload(ts=2**53 + 1), RejectionReason.WRONG_SHAPE),
        (payload(ts='"2026-05-04"'), RejectionReason.WRONG_SHAPE),
        (payload(ts="1.5"), RejectionReason.WRONG_SHAPE),
        (payload(boot=2**31), RejectionReason.WRONG_SHAPE),
        (payload(seq=0), RejectionReason.WRONG_SHAPE),
        (b'{"ts":1,"boot":1,"values":{"a":1}}', RejectionReason.WRONG_SHAPE),
        (b"[]", RejectionReason.WRONG_SHAPE),
        (b"3", RejectionReason.WRONG_SHAPE),
        (b"null", RejectionReason.WRONG_SHAPE),
        (b"[" * 1_000 + b"]" * 1_000, RejectionReason.WRONG_SHAPE),
        (b'{"x":' * 1_000 + b"1" + b"}" * 1_000, RejectionReason.WRONG_SHAPE),
        (payload() + b" " * MAXIMUM_PAYLOAD, RejectionReason.TOO_LARGE),
        (b"x" * 1_000_000, RejectionReason.TOO_LARGE),
    ],
)
def test_bad_telemetry_is_refused_with_its_reason_and_an_advice(bad: bytes, reason: RejectionReason) -> None:
    refused = refusal(bad)
    assert refused.reason is reason
    assert {":", ";"} & set(refused.advice)
    assert len(refused.advice) < 400
    assert refused.advice.isprintable()


def test_a_backslash_before_u0000_is_a_text_like_any_other() -> None:
    found, _ = decode_telemetry(payload(values='{"\\\\u0000":1}'))
    assert found[0].values == {"\\u0000": 1.0}


def test_a_bad_event_is_refused() -> None:
    with pytest.raises(RejectedMessageError) as caught:
        decode(b'{"ts":1,"boot":1,"seq":1,"event":"x","data":{"a":{}}}', Occurrence)
    assert caught.value.reason is RejectionReason.WRONG_SHAPE


@given(st.binary(max_size=300))
def test_whatever_arrives_is_read_or_refused_and_nothing_else(noise: bytes) -> None:
    for content_type in (None, "application/senml+json"):
        with suppress(RejectedMessageError):
            assert decode_telemetry(noise, content_type)[0]


@pytest.mark.parametrize(
    ("broken", "identity"),
    [
        (b'{"ts":1,"boot":4,"seq":17,"values":{"a":NaN}}', (4, 17)),
        (b'{"boot" : 4, "seq"\n:17', (4, 17)),
        (b'[{"fk_boot":4,"fk_seq":17,"n":"a","v":NaN}]', (4, 17)),
        (b'{"boot":4,"sequence":17}', None),
        (b'{"boot":4.5,"seq":17}', None),
        (b'{"boot":4,"seq":0}', None),
        (b'{"boot":2147483648,"seq":1}', None),
        (b'{"boot":4,"seq":90071992547409930}', None),
        (b"\xff\xfe", None),
    ],
)
def test_the_identity_of_a_broken_message_is_found_where_it_is_plain(
    broken: bytes, identity: tuple[int, int] | None
) -> None:
    assert identity_of(broken) == identity


def test_senml_is_read_as_telemetry_with_its_units() -> None:
    pack = b'[{"fk_boot":1,"fk_seq":5,"bt":1777896000,"n":"battery.soc","u":"%EL","v":80}]'
    found, units = decode_telemetry(pack, "application/senml+json")
    at = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    assert found == [Reading(ts=int(at.timestamp()) * 1000, boot=1, seq=5, values={"battery.soc": 80.0})]
    assert units == {"battery.soc": "%"}


def test_a_senml_label_that_must_be_understood_is_refused() -> None:
    pack = b'[{"fk_boot":1,"fk_seq":5,"bt":1777896000,"n":"a","v":80,"scale_":1000}]'
    assert "scale_" in refusal(pack, "application/senml+json").advice
