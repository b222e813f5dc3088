"""Figures of how alarms reach people, with their denominators, within the caller's scope; who was called about one."""

from datetime import timedelta

from tests.integration.diagnostics.calling import add_recipient
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


def told(
    store: Store, device_no: int, rule: str, *, sent: float, taken: float | None, verdict: str | None = None
) -> int:
    """An alarm that happened at NOW and was sent and taken so many seconds later; its receipt came a second after."""
    number = store.alarm(device_no, rule)
    store.execute(
        "UPDATE alarm SET happened_at = %s, raised_at = %s, taken_at = %s, verdict = %s WHERE alarm_id = %s",
        NOW,
        NOW,
        None if taken is None else NOW + timedelta(seconds=taken),
        verdict,
        number,
    )
    at = NOW + timedelta(seconds=sent)
    store.execute(
        "INSERT INTO notification (alarm_id, kind, channel, state, first_sent_at, receipt_due_at, delivered_at)"
        " VALUES (%s, 'raised', 'sms', 'sent', %s, %s, %s)",
        number,
        at,
        at + timedelta(seconds=60),
        at + timedelta(seconds=1),
    )
    store.execute("INSERT INTO escalation_call VALUES (%s, 0, 0, %s, %s, ARRAY['home-care'], 'step')", number, NOW, NOW)
    return number


async def test_figures_carry_their_denominators(api: Api, make_token: MakeToken, store: Store, town: Town) -> None:
    for entry in range(1, 5):
        told(
            store,
            town.chair.device_no,
            f"rule-{entry}",
            sent=entry,
            taken=60 if entry < 3 else None,
            verdict="true" if entry < 4 else "false",
        )
    store.alarm(town.chair.device_no, "never-sent")
    late = told(store, town.chair.device_no, "late", sent=9000, taken=9060)
    store.execute("UPDATE alarm SET late = true WHERE alarm_id = %s", late)
    through = told(store, town.chair.device_no, "through-another", sent=1, taken=1)
    store.execute("UPDATE alarm SET quieted_by = 'area' WHERE alarm_id = %s", through)
    store.execute("INSERT INTO canary_device VALUES (%s)", town.in_store.device_no)
    told(store, town.in_store.device_no, "jam", sent=1, taken=1)
    found = (await api.get("alarm-reach", make_token("technician"))).json()
    total = found["overall"]
    assert {name: total[name] for name in ("alarms", "late", "sent", "with_receipt", "delivered", "taken")} == {
        "alarms": 6,
        "late": 1,
        "sent": 5,
        "with_receipt": 5,
        "delivered": 5,
        "taken": 3,
    }
    assert (total["to_sent"]["p50"], total["to_sent"]["p99"]) == (2.5, 3.97)
    assert total["to_delivered"]["p50"] == 3.5
    assert total["to_taken"]["p50"] == 60
    assert total["precision"] == 0.75
    assert found["steps"] == [{"step": 0, "taken": 3, "of": 3}]
    assert {row["payer"] for row in found["rows"]} == {"kommun-a"}
    assert store.audit() == [("technician-1", "alarms.figures", None)]


async def test_a_payer_sees_its_own_figures_alone(api: Api, make_token: MakeToken, store: Store, town: Town) -> None:
    told(store, town.chair.device_no, "jam", sent=1, taken=2)
    told(store, town.elsewhere.device_no, "jam", sent=1, taken=2)
    found = (await api.get("alarm-reach", make_token("technician", payers=[town.other]))).json()
    assert [(row["payer"], row["alarms"]) for row in found["rows"]] == [("kommun-b", 1)]
    assert found["overall"]["alarms"] == 1


async def test_each_area_has_its_own_figures(api: Api, make_token: MakeToken, store: Store, town: Town) -> None:
    store.execute("UPDATE loan SET area = 'norr' WHERE device_no = %s", town.dispenser.device_no)
    told(store, town.dispenser.device_no, "jam", sent=1, taken=2)
    told(store, town.chair.device_no, "jam", sent=3, taken=None)
    found = (await api.get("alarm-reach", make_token("technician"))).json()["rows"]
    assert {(row["area"], row["rule"], row["alarms"], row["taken"]) for row in found} == {
        ("norr", "jam", 1, 1),
        ("", "jam", 1, 0),
    }


async def test_without_alarms_nothing_is_claimed(api: Api, make_token: MakeToken, town: Town) -> None:
    total = (await api.get("alarm-reach", make_token("technician"))).json()["overall"]
    assert (total["alarms"], total["precision"], total["to_sent"]["p99"]) == (0, None, None)


async def test_who_was_called_is_told_by_code_and_never_by_address(
    api: Api, make_token: MakeToken, store: Store, town: Town
) -> None:
    add_recipient(store, "home-care", {"sms": "+46700000002"})
    number = told(store, town.chair.device_no, "jam", sent=1, taken=None)
    answer = await api.get(f"alarms/{number}/calls", make_token("technician"))
    assert [call["recipients"] for call in answer.json()["calls"]] == [["home-care"]]
    assert "+467" not in answer.text
    hidden = await api.get(f"alarms/{number}/calls", make_token("technician", payers=[town.other]))
    assert hidden.status_code == 404
