"""The quarantine through the API: reason and advice for those who may mend it, never the bytes."""

from datetime import timedelta

from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


def refuse(store: Store, device_no: int | None, reason: str, *, topic: str = "fk/v1/d-some/telemetry") -> None:
    store.execute(
        "INSERT INTO quarantine (topic, device_no, reason, advice, payload, payload_bytes, payload_sha256, received_at,"
        " last_at)"
        " VALUES (%s, %s, %s, 'check unit and sensor', 'secret-bytes', 12, sha256(random()::text::bytea), %s, %s)",
        topic,
        device_no,
        reason,
        NOW - timedelta(hours=1),
        NOW,
    )


async def test_what_was_refused_and_what_to_do(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    refuse(store, town.chair.device_no, "out_of_range")
    refuse(store, town.elsewhere.device_no, "not_json")
    refuse(store, None, "unknown_device", topic="fk/v1/\x1b[31m/telemetry")
    administrator = make_token("administrator")
    answer = await api.get("quarantine", administrator)
    assert "secret-bytes" not in answer.text
    items = answer.json()["items"]
    assert [(item["reason"], item["device_id"]) for item in items] == [
        ("unknown_device", None),
        ("not_json", town.elsewhere.device_id),
        ("out_of_range", town.chair.device_id),
    ]
    assert items[0]["advice"] == "check unit and sensor"
    own = (await api.get("quarantine", make_token("technician", payers=[town.payer]))).json()["items"]
    assert [item["reason"] for item in own] == ["out_of_range"]
    filtered = (await api.get("quarantine", administrator, reason="not_json")).json()["items"]
    assert [item["reason"] for item in filtered] == ["not_json"]
    first = (await api.get("quarantine", administrator, limit=2)).json()
    rest = (await api.get("quarantine", administrator, limit=2, cursor=first["next_cursor"])).json()
    assert first["items"] + rest["items"] == items
