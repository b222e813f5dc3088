"""Signing in through a real identity provider, and every way in which the answer may be somebody else's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import pytest

from diagnostics.app import build_app
from diagnostics.console.claims import read_mapping
from diagnostics.console.identity import ALGORITHMS, IdentityProvider, ProviderError, ProviderSettings
from diagnostics.resources import ConsoleSettings, Resources
from tests.fixtures.identity import CLIENT, CONSOLE, MAPPING, Provider
from tests.integration.diagnostics.conftest import Store, Town

WRONG = "x" * 43


def as_client(provider: Provider, **changes: Any) -> IdentityProvider:
    settings = ProviderSettings(
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=provider.secret,
        redirect_uri=f"{CONSOLE}/login/answer",
        after_logout=f"{CONSOLE}/login",
        mapping=read_mapping(MAPPING),
        scope="openid staff",
    )
    return IdentityProvider(replace(settings, **changes))


@pytest.fixture
async def console(resources: Resources, identity_provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    resources.console = ConsoleSettings(secure_cookies=False, provider=as_client(identity_provider))
    transport = httpx.ASGITransport(build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        yield client


async def begun(console: httpx.AsyncClient, wanted: str = "/console/devices") -> str:
    """Where the login page sends the browser."""
    answer = await console.get("/console/login/provider", params={"next": wanted})
    assert answer.status_code == 303
    return answer.headers["location"]


async def signed_in(console: httpx.AsyncClient, provider: Provider, person: str) -> httpx.Response:
    return await console.get(provider.sign_in(await begun(console), person))


def changed(address: str, **changes: str | None) -> str:
    """An address with some of its parameters others, or gone."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return urlunsplit(parts._replace(query=urlencode({name: v for name, v in query.items() if v is not None})))


def admitted(answer: httpx.Response) -> bool:
    return any(cookie.startswith("fjarrkoll_session=") for cookie in answer.headers.get_list("set-cookie"))


async def test_a_person_of_the_provider_gets_role_unit_and_scope_of_the_mapping(
    console: httpx.AsyncClient, identity_provider: Provider, town: Town, store: Store
) -> None:
    answer = await signed_in(console, identity_provider, "se123-hemtjanst")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/devices"
    page = (await console.get("/console/devices")).text
    assert "A-2" in page, "the dispenser of its own municipality under SoL"
    assert "A-1" not in page, "not the chair under HSL"
    assert "B-1" not in page, "nor a neighbour's"
    rows = store.all("SELECT login, role, care_unit, payers, frames, password_hash, subject FROM account")
    assert rows == [
        ("se123-hemtjanst", "carer", "Hemtjänst Norr", [town.payer.payer_id], ["SoL"], None, "se123-hemtjanst")
    ]
    assert store.all("SELECT DISTINCT actor, role, care_unit FROM audit") == [
        ("se123-hemtjanst", "carer", "Hemtjänst Norr")
    ]


async def test_the_next_sign_in_is_the_same_account_with_what_the_provider_says_now(
    console: httpx.AsyncClient, identity_provider: Provider, town: Town, store: Store
) -> None:
    for _ in range(2):
        assert admitted(await signed_in(console, identity_provider, "se123-tekniker"))
        console.cookies.delete("fjarrkoll_session")
        store.execute("UPDATE account SET role = 'administrator'")
    assert admitted(await signed_in(console, identity_provider, "se123-tekniker"))
    assert store.all("SELECT login, role, payers FROM account") == [("se123-tekniker", "technician", None)]


async def test_a_personal_number_never_becomes_a_name_in_the_audit(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    assert admitted(await signed_in(console, identity_provider, "191212121212"))
    [(login,)] = store.all("SELECT login FROM account")
    assert login.startswith("idp-")
    assert "1212121212" not in login


async def test_whose_role_or_payer_is_unknown_is_refused_and_no_account_is_made(
    console: httpx.AsyncClient, identity_provider: Provider, town: Town, store: Store
) -> None:
    for person in ("se123-ekonom", "se123-granne"):
        answer = await signed_in(console, identity_provider, person)
        assert answer.status_code == 403, person
        assert not admitted(answer)
        assert "Du har ingen behörighet här" in answer.text
    assert store.all("SELECT count(*) FROM account") == [(0,)]


async def test_an_account_that_was_shut_here_stays_shut(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    assert admitted(await signed_in(console, identity_provider, "se123-tekniker"))
    store.execute("UPDATE account SET disabled_at = now()")
    console.cookies.delete("fjarrkoll_session")
    answer = await signed_in(console, identity_provider, "se123-tekniker")
    assert answer.status_code == 403
    assert not admitted(answer)


async def test_a_local_account_of_that_name_is_not_taken_over(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    store.execute(
        "INSERT INTO account (login, role, care_unit, frames, audiences)"
        " VALUES ('se123-tekniker', 'administrator', 'x', '{HSL,SoL}', '{technical}')"
    )
    assert not admitted(await signed_in(console, identity_provider, "se123-tekniker"))
    assert store.all("SELECT role, subject FROM account") == [("administrator", None)]


async def test_wrong_missing_and_used_state_are_refused(
    console: httpx.AsyncClient, identity_provider: Provider
) -> None:
    back = identity_provider.sign_in(await begun(console), "se123-tekniker")
    for tampered in (changed(back, state=WRONG), changed(back, state=None), changed(back, code=None)):
        answer = await console.get(tampered)
        assert answer.status_code == 422, tampered
        assert not admitted(answer)
    again = identity_provider.sign_in(await begun(console), "se123-tekniker")
    assert admitted(await console.get(again)), "the same without tampering goes through"
    console.cookies.delete("fjarrkoll_session")
    assert not admitted(await console.get(again)), "and not twice"


async def test_an_answer_is_good_in_the_browser_that_asked_and_no_other(
    console: httpx.AsyncClient, identity_provider: Provider
) -> None:
    back = identity_provider.sign_in(await begun(console), "se123-tekniker")
    kept = console.cookies["fjarrkoll_login"]
    for cookie in (None, WRONG):  # a victim that an attacker sends the answer of the attacker's own sign-in
        console.cookies.delete("fjarrkoll_login")
        if cookie:
            console.cookies.set("fjarrkoll_login", cookie, domain="console.local", path="/console/login")
        assert not admitted(await console.get(back))
    console.cookies.set("fjarrkoll_login", kept, domain="console.local", path="/console/login")
    assert admitted(await console.get(back))


async def test_a_token_with_another_nonce_is_refused(console: httpx.AsyncClient, identity_provider: Provider) -> None:
    address = await begun(console)
    back = identity_provider.sign_in(changed(address, nonce=WRONG), "se123-tekniker")
    answer = await console.get(back)
    assert answer.status_code == 422
    assert not admitted(answer)


async def test_a_code_used_before_is_refused_also_in_a_new_attempt(
    console: httpx.AsyncClient, identity_provider: Provider
) -> None:
    first = identity_provider.sign_in(await begun(console), "se123-tekniker")
    assert admitted(await console.get(first))
    code = parse_qs(urlsplit(first).query)["code"][0]
    console.cookies.delete("fjarrkoll_session")
    second = identity_provider.sign_in(await begun(console), "se123-tekniker")
    assert not admitted(await console.get(changed(second, code=code)))


async def test_a_code_is_worth_nothing_without_the_verifier(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    for tried, status in ((None, 400), (WRONG, 400), ("right", 200)):
        back = identity_provider.sign_in(await begun(console), "se123-tekniker")
        [(right,)] = store.all("SELECT verifier FROM login_attempt ORDER BY expires_at DESC LIMIT 1")
        verifier = {} if tried is None else {"code_verifier": right if tried == "right" else tried}
        answer = identity_provider.exchange(
            grant_type="authorization_code",
            code=parse_qs(urlsplit(back).query)["code"][0],
            redirect_uri=f"{CONSOLE}/login/answer",
            **verifier,
        )
        assert answer.status_code == status, answer.text


async def test_a_challenge_that_is_not_ours_is_refused(console: httpx.AsyncClient, identity_provider: Provider) -> None:
    address = await begun(console)
    assert "code_challenge_method=S256" in address
    back = identity_provider.sign_in(changed(address, code_challenge=WRONG), "se123-tekniker")
    assert not admitted(await console.get(back))


async def test_an_answer_that_names_another_issuer_or_none_is_refused(
    console: httpx.AsyncClient, identity_provider: Provider
) -> None:
    for issuer in ("http://other.example", None):
        back = identity_provider.sign_in(await begun(console), "se123-tekniker")
        assert "iss=" in back
        assert not admitted(await console.get(changed(back, iss=issuer)))


@pytest.mark.parametrize("wrong", [{"client_id": "somebody-else"}, {"client_secret": WRONG}])
async def test_a_wrong_client_gets_no_claims(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store, wrong: dict[str, str]
) -> None:
    back = identity_provider.sign_in(await begun(console), "se123-tekniker")
    [(verifier, nonce)] = store.all("SELECT verifier, nonce FROM login_attempt")
    code = parse_qs(urlsplit(back).query)["code"][0]
    with pytest.raises(ProviderError):
        await as_client(identity_provider, **wrong).claims(code, verifier, nonce, identity_provider.issuer)


async def test_a_token_for_another_audience_is_refused_although_its_signature_is_good(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    back = identity_provider.sign_in(await begun(console), "se123-tekniker")
    [(verifier, nonce)] = store.all("SELECT verifier, nonce FROM login_attempt")
    answer = identity_provider.exchange(
        grant_type="authorization_code",
        code=parse_qs(urlsplit(back).query)["code"][0],
        redirect_uri=f"{CONSOLE}/login/answer",
        code_verifier=verifier,
    ).json()
    ours, other = as_client(identity_provider), as_client(identity_provider, client_id="somebody-else")
    assert (await ours._verified(answer["id_token"], nonce, None))["sub"] == "se123-tekniker"
    head, body, signature = answer["id_token"].split(".")
    for verify, token in (
        (other, answer["id_token"]),
        (ours, f"{head}.{body}."),
        (ours, f"eyJhbGciOiJub25lIn0.{body}."),
        (ours, f"{head}.{body}.{signature[:-4]}AAAA"),
    ):
        with pytest.raises(ProviderError):
            await verify._verified(token, nonce, None)


def test_no_signature_is_believed_whose_key_we_hold_ourselves() -> None:
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name == "none"]


async def test_signing_out_ends_the_session_and_leads_on_to_the_providers_own_sign_out(
    console: httpx.AsyncClient, identity_provider: Provider, store: Store
) -> None:
    assert admitted(await signed_in(console, identity_provider, "se123-tekniker"))
    page = (await console.get("/console/accessibility")).text
    key = page.split('name="form_key" value="')[1].split('"')[0]
    out = await console.post("/console/logout", data={"form_key": key}, headers={"origin": "http://console"})
    assert out.headers["location"] == "/console/login?left=1"
    assert store.all("SELECT count(*) FROM console_session") == [(0,)]
    assert "/console/login/leave" in (await console.get("/console/login?left=1")).text
    away = (await console.get("/console/login/leave")).headers["location"]
    assert away.startswith(f"{identity_provider.issuer}/session/end?client_id=fjarrkoll")
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(away)).status_code == 200


async def test_a_provider_that_is_not_there_is_told_in_words(
    console: httpx.AsyncClient, resources: Resources, identity_provider: Provider
) -> None:
    resources.console = ConsoleSettings(provider=as_client(identity_provider, issuer="http://127.0.0.1:9"))
    answer = await console.get("/console/login/provider")
    assert answer.status_code == 503
    assert "svarar inte" in answer.text


async def test_without_a_provider_its_addresses_do_not_exist(console: httpx.AsyncClient, resources: Resources) -> None:
    resources.console = ConsoleSettings()
    for path in ("provider", "answer", "leave"):
        assert (await console.get(f"/console/login/{path}")).status_code == 404
    assert "/console/login/provider" not in (await console.get("/console/login")).text
