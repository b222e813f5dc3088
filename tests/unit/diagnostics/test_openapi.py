"""The OpenAPI document: valid, with an example at every operation, and every example true to its schema."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from diagnostics.app import routes
from diagnostics.documentation.openapi import describe, operations
from diagnostics.documentation.page import render
from diagnostics.gate import OPEN_PATHS

DOCUMENT = describe(routes())
OPERATIONS = [
    (method, path, operation) for path, entry in DOCUMENT["paths"].items() for method, operation in entry.items()
]


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    resource = Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
    registry: Any = Registry().with_resource("urn:openapi", resource)
    return Draft202012Validator({"$id": "urn:openapi:part", **absolute(schema)}, registry=registry)


def absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: f"urn:openapi{value}" if name == "$ref" else absolute(value) for name, value in schema.items()}
    return [absolute(entry) for entry in schema] if isinstance(schema, list) else schema


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [*operation["responses"].values(), operation.get("requestBody", {})]
    return [content for part in parts for content in part.get("content", {}).values()]


def test_every_schema_is_a_schema() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description") or schema.get("title"), name


def test_every_reference_leads_somewhere() -> None:
    names = set(DOCUMENT["components"]["schemas"])

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].removeprefix("#/components/schemas/") in names
            for entry in value.values():
                walk(entry)
        elif isinstance(value, list):
            for entry in value:
                walk(entry)

    walk(DOCUMENT)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=[f"{m} {p}" for m, p, _ in OPERATIONS])
def test_every_operation_is_described(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["operationId"]
    examples = [content["example"] for content in contents(operation) if "example" in content]
    assert examples or path == "/metrics"
    for content in contents(operation):
        if "example" in content:
            validator(content["schema"]).validate(content["example"])
    if path not in OPEN_PATHS:
        assert operation["security"] == [{"token": []}]
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]
    for parameter in operation.get("parameters", []):
        described = parameter.get("description") or parameter["schema"].get("description")
        assert described or parameter["in"] == "path", (method, path, parameter["name"])


def test_operation_ids_are_unique_and_the_version_is_3_1() -> None:
    ids = [operation["operationId"] for _, operation in operations(DOCUMENT)]
    assert len(ids) == len(set(ids))
    assert DOCUMENT["openapi"] == "3.1.0"


def test_a_wrong_example_is_found() -> None:
    """The negative control of the check above."""
    schema = {"$ref": "#/components/schemas/AlarmItem"}
    example = {**DOCUMENT["components"]["schemas"]["AlarmItem"]["examples"][0]}
    validator(schema).validate(example)
    example["alarm_id"] = "not a number"
    assert not validator(schema).is_valid(example)


def test_the_page_shows_every_operation_and_escapes() -> None:
    page = render(DOCUMENT)
    for method, path, _ in OPERATIONS:
        assert f"{method.upper()} {path}" in page
    hostile = {
        "info": {"title": "<script>", "description": "<img src=x>"},
        "paths": {"/<b>": {"get": {"summary": "<i>", "description": "", "responses": {}}}},
    }
    assert "<script>" not in render(hostile)
    assert "<img" not in render(hostile)
    assert "<b>" not in render(hostile)
