"""The generated contract is current, readable by others' tools, and says neither more nor less than the codec does."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from device_sim.answers import refusal
from fjarrkoll.contract import DOCS, app, stale
from fleet import codec
from fleet.clock import from_milliseconds
from fleet.contract import documents
from fleet.contract.asyncapi import asyncapi
from fleet.contract.examples import BAD, GOOD, Example
from fleet.contract.fields import NOTES, table
from fleet.contract.guide import _REASONS, _SECTIONS
from fleet.contract.schemas import PARTS, SCHEMAS, schema, struct_schema
from fleet.contract.yaml_text import to_yaml
from fleet.errors import RejectedMessageError, RejectionReason
from fleet.messages import SENML_CONTENT, CommandMessage, Occurrence
from fleet.normalise import Normaliser
from fleet.registry import Registry, build_registry, load_registry
from fleet.topics import DOWNWARD, RETAINED, Verb, topic
from tests.unit.fleet.sample import profile

REGISTRY = load_registry()
GOOD_CASES = [(name, example) for name, examples in GOOD.items() for example in examples]
BAD_CASES = [(name, example) for name, examples in BAD.items() for example in examples]


def titles(cases: list[tuple[str, Example]]) -> list[str]:
    return [f"{name}: {example.title}" for name, example in cases]


def decode(name: str, payload: bytes) -> Any:
    """As the platform reads it."""
    if name.startswith("telemetry"):
        return codec.decode_telemetry(payload, SENML_CONTENT if name.endswith("senml") else None)
    if name in PARTS:
        return msgspec.json.decode(payload, type=SCHEMAS[name])
    return codec.decode(payload, SCHEMAS[name])


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(name))


def test_the_committed_documents_are_current() -> None:
    assert stale(DOCS) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"].endswith(name)


@pytest.mark.parametrize(("name", "example"), GOOD_CASES, ids=titles(GOOD_CASES))
def test_good_examples_pass_schema_and_codec(name: str, example: Example) -> None:
    validator(name).validate(example.payload)
    assert decode(name, json.dumps(example.payload).encode()) is not None


@pytest.mark.parametrize(("name", "example"), BAD_CASES, ids=titles(BAD_CASES))
def test_bad_examples_fail_schema_and_codec(name: str, example: Example) -> None:
    assert not validator(name).is_valid(example.payload)
    with pytest.raises((RejectedMessageError, msgspec.ValidationError)):
        decode(name, json.dumps(example.payload).encode())


def test_every_message_has_good_and_bad_examples() -> None:
    assert set(GOOD) == set(BAD) == set(SCHEMAS)


@pytest.mark.parametrize(("name", "example"), GOOD_CASES, ids=titles(GOOD_CASES))
def test_examples_name_only_what_their_class_knows(name: str, example: Example) -> None:
    if not example.device_class:
        return
    declared = REGISTRY[example.device_class]
    message = decode(name, json.dumps(example.payload).encode())
    if name.startswith("telemetry"):
        readings, units = message
        for reading in readings:
            assert not Normaliser(declared, declared.models[0]).normalise(reading.values, units).unknown
    elif isinstance(message, Occurrence):
        assert message.event in {event.name for event in declared.all_events}
    elif isinstance(message, CommandMessage):
        assert refusal(declared, message, from_milliseconds(message.issued_at), declared.operating_states[0]) is None
    else:
        assert set(message.metrics) <= set(declared.metrics_by_key)
        assert declared.model(message.model, message.firmware)


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text()),
)
def test_schema_and_codec_agree_on_values(values: dict[str, Any]) -> None:
    payload = {"ts": 1, "boot": 1, "seq": 1, "values": values}
    text = json.dumps(payload)
    plain = all(abs(value) < float("inf") for value in values.values() if isinstance(value, int | float))
    sayable = plain and "\\u0000" not in text
    try:
        decode("telemetry", text.encode())
        read = True
    except RejectedMessageError:
        read = False
    assert read == (sayable and validator("telemetry").is_valid(payload))


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain_values)
def test_yaml_is_read_back_as_what_was_written(value: Any) -> None:
    # What YAML itself cannot hold, such as a lone surrogate or U+0000, no document of ours holds either.
    text = json.dumps(value, ensure_ascii=False)
    if all(sign.isprintable() or sign == "\n" for sign in text):
        assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "1.0", "0x1", "null", "~", "- a", "a: b", "#", "", " a", "a ", "a\nb", "a\n", "\na", "a\n b", "é"],
)
def test_words_that_yaml_would_take_for_something_else_stay_text(text: str) -> None:
    assert yaml.safe_load(to_yaml({"key": [text], text: text})) == {"key": [text], text: text}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def found(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/")
    place: Any = document
    for step in reference.removeprefix("#/").split("/"):
        place = place[step]
    return place


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi(REGISTRY)
    assert len(list(references(document))) > 30
    for reference in references(document):
        assert found(document, reference)


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_is_a_channel_with_one_operation(verb: Verb) -> None:
    document = asyncapi(REGISTRY)
    channel = document["channels"][verb.value]
    assert channel["address"].replace("{device_id}", "a-device") == topic("a-device", verb)
    (operation,) = [o for o in document["operations"].values() if o["channel"]["$ref"] == f"#/channels/{verb}"]
    assert operation["action"] == ("send" if verb in DOWNWARD else "receive")
    assert operation["bindings"]["mqtt"]["qos"] == 1
    assert operation["bindings"]["mqtt"]["retain"] == (verb in RETAINED)
    assert ("messageExpiryInterval" in operation["bindings"]["mqtt"]) == (verb is Verb.COMMAND)
    assert {reference["$ref"].rpartition("/")[2] for reference in operation["messages"]} == set(channel["messages"])


def test_the_asyncapi_examples_fit_the_schemas_inside_the_document() -> None:
    document = asyncapi(REGISTRY)
    for message in document["components"]["messages"].values():
        inside = {"$ref": message["payload"]["$ref"], "components": document["components"]}
        for example in message["examples"]:
            assert list(jsonschema.Draft202012Validator(inside).iter_errors(example["payload"])) == []


def test_every_field_is_explained_and_nothing_else() -> None:
    for _, _, struct in _SECTIONS:
        assert set(NOTES[struct.__name__]) == set(struct_schema(struct)["properties"])
        assert table(struct).count("\n") == len(NOTES[struct.__name__]) + 1
    assert set(NOTES) == {struct.__name__ for _, _, struct in _SECTIONS}
    assert set(_REASONS) == set(RejectionReason)


def lines_to_copy() -> list[tuple[str, str]]:
    """Topic and payload of every mosquitto_pub line in the guide, as a shell takes them."""
    guide = documents(REGISTRY)["contract/README.md"]
    commands = [shlex.split(block) for block in re.findall(r"```sh\n(mosquitto_pub .*?)```", guide, re.DOTALL)]
    return [(words[words.index("-t") + 1], words[words.index("-m") + 1]) for words in commands]


def test_lines_to_copy_say_what_the_codec_reads() -> None:
    lines = lines_to_copy()
    assert len(lines) == sum(len(examples) for name, examples in GOOD.items() if name not in PARTS)
    for address, payload in lines:
        verb = address.rpartition("/")[2]
        decode("telemetry-senml" if payload.startswith('[{"bt"') else verb, payload.encode())


def test_a_new_class_is_in_the_catalogue_without_another_hand() -> None:
    wider = build_registry([*((p.name, p) for p in REGISTRY), ("lamp.py", profile())])
    page = documents(wider)["metrics.md"]
    for entry in ("(`lamp`)", "`light.time`", "LMP-BAT-01", "`lamp-one`", "`pressed`", "`locate_beep`"):
        assert entry in page
    assert "`lamp`" in documents(wider)["contract/README.md"]


@pytest.mark.parametrize("declared", list(REGISTRY), ids=lambda declared: declared.name)
def test_the_catalogue_names_everything_and_breaks_no_table(declared: Any) -> None:
    page = documents(Registry({declared.name: declared}))["metrics.md"]
    names = [*declared.metrics_by_key, *declared.commands_by_name, *(event.name for event in declared.all_events)]
    assert all(f"| `{name}` |" in page for name in names)
    assert all(f"| {code} |" in page for code in declared.faults_by_code)
    tables = [re.findall(r"^\|.*\|$", block, re.MULTILINE) for block in page.split("\n\n")]
    for rows in filter(None, tables):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_the_command_writes_checks_and_removes(tmp_path: Path) -> None:
    runner = CliRunner()
    assert "not current" in str(runner.invoke(app, ["--check", "--into", str(tmp_path)]).exception)
    assert runner.invoke(app, ["--into", str(tmp_path)]).exit_code == 0
    assert runner.invoke(app, ["--check", "--into", str(tmp_path)]).exit_code == 0
    (tmp_path / "contract/schemas/old.json").write_text("{}")
    (tmp_path / "metrics.md").write_text("edited by hand")
    assert stale(tmp_path) == ["metrics.md", "contract/schemas/old.json"]
    assert runner.invoke(app, ["--into", str(tmp_path)]).exit_code == 0
    assert stale(tmp_path) == []
