"""The page at /docs, pure: the OpenAPI document as HTML that loads nothing and runs no script."""

import base64
import hashlib
import json
from html import escape
from typing import Any, Final

from diagnostics.documentation.openapi import operations

Json = dict[str, Any]

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { background: #f3f3f3; color: #111; padding: 0.75rem; overflow-x: auto; }
summary { cursor: pointer; padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.15rem 1rem 0.15rem 0; }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"


def render(document: Json) -> str:
    """The page."""
    parts = "".join(
        _operation(path, _method(document, path, operation), operation) for path, operation in operations(document)
    )
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} API</title>'
        f"<style>{STYLE}</style></head>"
        f"<body><main><h1>{title} API</h1><p>{escape(document['info']['description'])}</p>"
        '<p>The same as data: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>'
        f"{parts}</main></body></html>"
    )


def _method(document: Json, path: str, operation: Json) -> str:
    methods: dict[str, Json] = document["paths"][path]
    return next(method for method, entry in methods.items() if entry is operation).upper()


def _operation(path: str, method: str, operation: Json) -> str:
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", []))
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    return (
        f"<details><summary><code>{method} {escape(path)}</code> {escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p>{table}"
        f"{_curl(path, method, operation)}{_answers(operation)}</details>"
    )


def _parameter(parameter: Json) -> str:
    need = "required" if parameter.get("required") else "optional"
    text = parameter.get("description") or parameter.get("schema", {}).get("description", "")
    return (
        f'<tr><th scope="row"><code>{escape(parameter["name"])}</code></th><td>{escape(parameter["in"])}, {need}</td>'
        f"<td>{escape(text)}</td></tr>"
    )


def _curl(path: str, method: str, operation: Json) -> str:
    lines = [f"curl -X {method} http://127.0.0.1:8080{path}"]
    if "security" in operation:
        lines.append("-H 'Authorization: Bearer '$FJARRKOLL_API_TOKEN")
    lines += [f"-H '{p['name']}: '$(uuidgen)" for p in operation.get("parameters", []) if p["in"] == "header"]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        lines += [f"-H 'Content-Type: {media}'", f"-d '{json.dumps(content.get('example'))}'"]
    return f"<pre>{escape(' '.join(lines))}</pre>"


def _answers(operation: Json) -> str:
    found = []
    for status, response in operation["responses"].items():
        for media, content in response.get("content", {}).items():
            example = content.get("example")
            shown = "" if example is None else f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"
            found.append(f"<p><strong>{escape(status)}</strong> <code>{escape(media)}</code></p>{shown}")
    return "".join(found)
