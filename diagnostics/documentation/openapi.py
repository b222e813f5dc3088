"""The OpenAPI 3.1 document: FastAPI's own, with security, problem answers and examples at every operation."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from diagnostics.gate import OPEN_PATHS
from diagnostics.problems import MEDIA_TYPE

Json = dict[str, Any]

DESCRIPTION: Final = """\
Every address but /healthz, /readyz, /docs and /openapi.json needs `Authorization: Bearer <token>`; a token sees its
payers, legal frames and views of a device, and nothing else: what lies outside is *not found*. Times are RFC 3339 in
UTC. Lists have `next_cursor` and a Link header. Errors are problem documents (RFC 9457) with a stable `code`, in
Swedish or English by Accept-Language, and never repeat what was sent. Every read of personal data leaves one line in
the audit.
"""

PROBLEM_SCHEMA: Final[Json] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "description": "urn:fjarrkoll:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about it"},
        "instance": {"type": "string", "description": "urn:fjarrkoll:request:<request id>"},
        "code": {"type": "string", "description": "Stable word a program can act on"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "where": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "urn:fjarrkoll:problem:not_found",
            "title": "Not found",
            "status": 404,
            "detail": "The device does not exist or lies outside what you may see."
            " Search the list to see what there is.",
            "instance": "urn:fjarrkoll:request:9f8e7d6c5b4a39281706f5e4",
            "code": "not_found",
        }
    ],
}
_PROBLEM: Final[Json] = {
    "description": "A problem: 401 no token, 403 role, 404 not there or not yours, 409 conflict, 422 wrong, 429 slower",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> Json:
    """The document of an application's routes."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary=app.summary,
        description=DESCRIPTION,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    _restore_examples(schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operation in operations(document):
        _complete(path, operation, schemas)
    return document


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Path and operation of everything a document describes."""
    for path, entry in document["paths"].items():
        for operation in entry.values():
            yield path, operation


def example_of(schema: Json, schemas: Json) -> Any:  # noqa: ANN401 - JSON of any shape
    """The example of a schema, followed through references and into pages; None where there is none."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("examples"):
        return schema["examples"][0]
    items = schema.get("properties", {}).get("items", {}).get("items")
    found = example_of(items, schemas) if items else None
    mark = {"held": False} if "held" in schema.get("properties", {}) else {}
    return None if found is None else {"items": [found], "next_cursor": None, **mark}


def _restore_examples(schemas: Json) -> None:
    """Puts back the examples as written: FastAPI leaves out what is null, which would make a required field missing."""
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        extra = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and model.__module__.startswith("diagnostics.") and model.__name__ in schemas:
            schemas[model.__name__].update(extra)


def _complete(path: str, operation: Json, schemas: Json) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    if path not in OPEN_PATHS:
        operation["security"] = [{"token": []}]
        responses["4XX"] = _PROBLEM
    if "504" in responses:
        responses["504"]["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    contents = [response.get("content", {}) for response in responses.values()]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    for content in contents:
        for media in content.values():
            example = example_of(media.get("schema", {}), schemas)
            if example is not None:
                media["example"] = example
