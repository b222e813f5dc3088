"""The whole contract as one AsyncAPI 3.0 document, from the platform's point of view: it receives what devices send."""

from collections.abc import Iterable
from typing import Any, Final

from fleet.contract.examples import GOOD
from fleet.contract.schemas import SCHEMAS, VERSION, schema
from fleet.messages import JSON_CONTENT, MAXIMUM_PAYLOAD, SENML_CONTENT
from fleet.registry import Registry
from fleet.topics import DEVICE_ID_PATTERN, DOWNWARD, PREFIX, RETAINED, Verb

_BINDING: Final = {"bindingVersion": "0.2.0"}
_SESSION_SECONDS: Final = 3600
_SUMMARIES: Final = {
    Verb.BIRTH: "Who a device is; the broker keeps the latest.",
    Verb.STATE: "Whether a device is connected; the broker keeps the latest and sends the last will.",
    Verb.TELEMETRY: "Values of metrics at a moment, or an array of stored-up ones.",
    Verb.EVENT: "Something happened.",
    Verb.REPLY: "An answer to a command.",
    Verb.COMMAND: "A command to one device, with an expiry; never retained.",
    Verb.STORED: "Everything of a boot up to a number is committed; the device may forget it.",
}


def asyncapi(registry: Registry) -> dict[str, Any]:
    """The document as plain values. References inside it are local, so that it can be read alone."""
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": JSON_CONTENT,
        "servers": {"broker": _server()},
        "channels": {verb.value: _channel(verb) for verb in Verb},
        "operations": {_operation_name(verb): _operation(verb, registry) for verb in Verb},
        "components": {
            "messages": {name: _message(name) for name in _message_names()},
            "schemas": _schemas(),
            "securitySchemes": {
                "deviceAccount": {
                    "type": "userPassword",
                    "description": "The user name is the device_id; a device may speak and hear only for itself.",
                }
            },
        },
    }


def _info() -> dict[str, Any]:
    return {
        "title": "Fjärrkoll device contract",
        "version": f"{VERSION}.0.0",
        "description": (
            "MQTT 5, QoS 1, UTF-8 JSON. Nothing is lost between device memory and database row, and nothing is stored"
            " twice: a device keeps each numbered message until the platform says that it is stored.\n"
            "The rules around the messages stand in README.md beside this file."
        ),
        "license": {"name": "Apache-2.0"},
    }


def _server() -> dict[str, Any]:
    will = {"topic": f"{PREFIX}/{{device_id}}/{Verb.STATE}", "qos": 1, "retain": True}
    return {
        "host": "broker.example.org:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5",
        "description": "The broker of an installation; without TLS on this machine alone.",
        "security": [{"$ref": "#/components/securitySchemes/deviceAccount"}],
        "bindings": {
            "mqtt": {
                "clientId": "{device_id}",
                "cleanSession": False,
                "lastWill": {**will, "message": '{"ts":0,"boot":1,"online":false}'},
                "keepAlive": 60,
                "sessionExpiryInterval": _SESSION_SECONDS,
                "maximumPacketSize": MAXIMUM_PAYLOAD + 1024,
                **_BINDING,
            }
        },
    }


def _channel(verb: Verb) -> dict[str, Any]:
    pattern = DEVICE_ID_PATTERN.pattern
    return {
        "address": f"{PREFIX}/{{device_id}}/{verb}",
        "description": _SUMMARIES[verb],
        "messages": {name: _reference("messages", name) for name in _names_on(verb)},
        "parameters": {"device_id": {"description": f"Opaque pseudonym of the device: {pattern}."}},
    }


def _operation(verb: Verb, registry: Registry) -> dict[str, Any]:
    downward = verb in DOWNWARD
    operation: dict[str, Any] = {
        "action": "send" if downward else "receive",
        "channel": {"$ref": f"#/channels/{verb}"},
        "summary": _SUMMARIES[verb],
        "messages": [{"$ref": f"#/channels/{verb}/messages/{name}"} for name in _names_on(verb)],
        "bindings": {"mqtt": {"qos": 1, "retain": verb in RETAINED, **_BINDING}},
    }
    if verb is Verb.COMMAND:
        lives = [command.expires_seconds for profile in registry for command in profile.all_commands]
        operation["bindings"]["mqtt"]["messageExpiryInterval"] = {
            "type": "integer",
            "minimum": 1,
            "maximum": max(lives),
            "description": "Seconds until not_after when it is sent; the broker drops what comes too late.",
        }
        operation["reply"] = {
            "channel": {"$ref": f"#/channels/{Verb.REPLY}"},
            "messages": [{"$ref": f"#/channels/{Verb.REPLY}/messages/reply"}],
        }
    return operation


def _operation_name(verb: Verb) -> str:
    return f"{'send' if verb in DOWNWARD else 'receive'}{verb.value.capitalize()}"


def _names_on(verb: Verb) -> tuple[str, ...]:
    return ("telemetry", "telemetry-senml") if verb is Verb.TELEMETRY else (verb.value,)


def _message_names() -> Iterable[str]:
    return (name for verb in Verb for name in _names_on(verb))


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.replace("-", " in ").replace("senml", "SenML"),
        "contentType": SENML_CONTENT if name.endswith("senml") else JSON_CONTENT,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": [
            {"name": f"{name}{number}", "summary": example.title, "payload": example.payload}
            for number, example in enumerate(GOOD[name], start=1)
        ],
    }


def _schemas() -> dict[str, Any]:
    """The JSON Schemas as components; what each defines inside becomes a component of its own."""
    found: dict[str, Any] = {}
    for name in SCHEMAS:
        body = _relocated(schema(name))
        found.update(body.pop("$defs", {}))
        found[name] = {key: value for key, value in body.items() if key not in {"$schema", "$id"}}
    return dict(sorted(found.items()))


def _relocated(part: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(part, list):
        return [_relocated(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        key: value.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _relocated(value)
        for key, value in part.items()
    }


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
