"""What ingest's unit tests share: a register with one device of every class, and messages as they arrive."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fleet.clock import to_milliseconds
from fleet.registry import load_registry
from ingest.accept import accept
from ingest.accepted import Accepted
from ingest.consumer import Delivery
from ingest.register import DeviceRow, Register

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = to_milliseconds(NOW)
SCALE, CHAIR, DISPENSER, APAP = "scale-01", "chair-01", "disp-01", "apap-01"
DEVICES = {
    SCALE: (1, "scale", "mi-body-composition-2"),
    CHAIR: (2, "wheelchair", "pg-vr2"),
    DISPENSER: (3, "dispenser", "roll-dispenser-r2"),
    APAP: (4, "apap", "resmed-airsense10"),
}


def register(*, clock_corrected: bool = False) -> Register:
    made = Register(load_registry())
    made.add(
        DeviceRow(device_id, number, device_class, model, "", clock_corrected, has_state=True)
        for device_id, (number, device_class, model) in DEVICES.items()
    )
    return made


def delivery(
    device_id: str,
    body: bytes | str | Mapping[str, Any] | Sequence[Any],
    verb: str = "telemetry",
    *,
    content_type: str | None = None,
    retained: bool = False,
    redelivered: bool = False,
) -> Delivery:
    payload = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Delivery(f"fk/v1/{device_id}/{verb}", payload, content_type, redelivered, retained, 1, 1)


def reading(
    seq: int, values: Mapping[str, Any], *, ts: int = NOW_MS - 1000, boot: int = 1, **more: Any
) -> dict[str, Any]:
    return {"ts": ts, "boot": boot, "seq": seq, "values": dict(values), **more}


def event(
    seq: int, name: str, data: Mapping[str, Any] | None = None, *, ts: int = NOW_MS - 1000, boot: int = 1
) -> dict[str, Any]:
    return {"ts": ts, "boot": boot, "seq": seq, "event": name, "data": dict(data or {})}


def accepted(*deliveries: Delivery, known: Register | None = None) -> Accepted:
    return accept(deliveries, known or register(), NOW)
