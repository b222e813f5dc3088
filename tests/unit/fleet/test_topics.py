"""Topics: the one spelling, and that nothing else passes for it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import TopicError
from fleet.topics import DOWNWARD, SERVICE_NAMES, UPWARD, Verb, is_device_id, parse, topic, upward_filters

device_ids = st.from_regex(r"[a-z0-9][a-z0-9-]{2,39}", fullmatch=True).filter(is_device_id)


@given(device_ids, st.sampled_from(Verb))
def test_a_topic_is_read_as_it_was_written(device_id: str, verb: Verb) -> None:
    assert parse(topic(device_id, verb)) == (device_id, verb)


def test_the_spelling_is_fixed() -> None:
    assert topic("chair-0001", Verb.TELEMETRY) == "fk/v1/chair-0001/telemetry"


@pytest.mark.parametrize(
    "bad", ["", "ab", "-abc", "Abc", "a b", "a/b", "abc+", "abc#", "å12", "a" * 41, "abc\n", "abc\x00"]
)
def test_what_is_no_device_id(bad: str) -> None:
    assert not is_device_id(bad)
    with pytest.raises(TopicError, match="3-40 lower-case"):
        topic(bad, Verb.EVENT)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "fk/v1/chair-0001",
        "fk/v1/chair-0001/",
        "fk/v1/chair-0001/dance",
        "fk/v1/chair-0001/telemetry/more",
        "fk/v1/chair-0001/telemetry\n",
        "fk/v2/chair-0001/telemetry",
        "FK/v1/chair-0001/telemetry",
        "/fk/v1/chair-0001/telemetry",
        "fk/v1/+/telemetry",
        "fk/v1/chair-0001/TELEMETRY",
        "$share/x/fk/v1/chair-0001/telemetry",
    ],
)
def test_what_is_no_topic_of_ours(bad: str) -> None:
    with pytest.raises(TopicError, match="expected fk/v1"):
        parse(bad)


@given(st.text(max_size=60))
def test_any_text_is_a_topic_or_refused(text: str) -> None:
    try:
        device_id, verb = parse(text)
    except TopicError:
        return
    assert topic(device_id, verb) == text


def test_every_verb_goes_one_way() -> None:
    assert set(UPWARD) | set(DOWNWARD) == set(Verb)
    assert set(UPWARD).isdisjoint(DOWNWARD)


def test_the_filters_hear_everything_devices_send_and_no_command() -> None:
    assert upward_filters() == tuple(f"fk/v1/+/{verb.value}" for verb in UPWARD)
    assert not any("command" in pattern or "stored" in pattern for pattern in upward_filters())


def test_no_device_is_called_like_a_service_of_the_broker() -> None:
    access_list = (Path(__file__).parents[3] / "deploy" / "mosquitto" / "acl").read_text(encoding="utf-8")
    services = {line.split()[1] for line in access_list.splitlines() if line.startswith("user ")}
    assert services == SERVICE_NAMES
    assert not any(is_device_id(name) for name in services)
    assert is_device_id("d-ingest")
