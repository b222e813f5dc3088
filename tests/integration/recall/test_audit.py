"""Every answer about recall leaves exactly one line in the audit."""

from typing import Any

from tests.integration.recall.conftest import Api, MakeToken, Prove, Store, Town
from tests.integration.recall.test_cases import WHY
from tests.integration.recall.test_lists import refill


async def test_every_recall_answer_leaves_exactly_one_line(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token = make_token("analyst", name="reader")
    number = town.chair.device_no
    prove(number)
    store.execute(
        "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES ('r-1', 'R', %s, 'HSL')",
        town.payer.payer_id,
    )
    case: dict[str, Any] = (await api.post("recalls", token, WHY)).json()
    case_id = case["case_ids"][0]
    content = refill((await api.get("recalls/list", token)).content, lambda row: row.update(answer=None))
    assert [line[1] for line in store.audit()] == ["recall.propose", "recalls.export"]
    asked = {"action": "ask", "why": "brev skickat"}
    expected: list[tuple[str, str, dict[str, Any], str, int | None]] = [
        ("GET", "recalls", {}, "recalls.read", None),
        ("GET", "recalls/summary", {}, "recalls.count", None),
        ("GET", "recalls/units", {}, "recalls.units", None),
        ("GET", "recalls/letter?prescriber=r-1", {}, "recalls.letter", None),
        ("GET", f"recalls/{case_id}", {}, "recall.read", number),
        ("POST", f"recalls/{case_id}/move", {"json": asked}, "recall.move", number),
        ("POST", "recalls/answers", {"content": content}, "recalls.answers", None),
    ]
    for method, address, more, action, device_no in expected:
        before = len(store.audit())
        answer = await api.call(method, address, token, **more)
        assert answer.status_code == 200, (address, answer.text)
        assert store.audit()[before:] == [("reader", action, device_no)], address
