"""The identity provider: OpenID Connect's code flow with PKCE, state and nonce; only what is proven is believed.

Sources: OpenID Connect Core 1.0 (3.1.3.7 on the ID token), Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE),
RFC 9207 (`iss` in the answer), RFC 9700 (best current practice).
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it has no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from diagnostics.console.claims import ClaimMapping

# Signatures with a key that only the provider has. None of the symmetric ones: whoever verifies could forge.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512")
_TIMEOUT: Final = httpx.Timeout(8.0)
_LARGEST_ANSWER: Final = 256 * 1024
_LEEWAY_SECONDS: Final = 60
_KEYS_FOR_SECONDS: Final = 600.0


class ProviderError(Exception):
    """The provider did not answer, or its answer proves nothing; the word says which, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """How this installation is known at its identity provider.

    Attributes:
        redirect_uri: this console's own address of the answer, registered at the provider.
        after_logout: where the provider sends people after signing out, registered, too.
        scope: what is asked for; no more than the mapping needs.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    after_logout: str
    mapping: ClaimMapping
    scope: str = "openid"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a begun sign-in must be finished with; `state` travels, the others stay here."""

    state: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


def new_attempt() -> Attempt:
    """Three secrets of 256 bits."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32))


class IdentityProvider:
    """Speaks to one provider; its description and keys are fetched when first needed."""

    def __init__(self, settings: ProviderSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.settings = settings
        self._transport = transport
        self._described: Mapping[str, Any] | None = None
        self._keys: tuple[float, jwk.KeySet] | None = None
        self._lock = asyncio.Lock()

    async def address(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in.

        Raises:
            ProviderError: the provider cannot be reached or describes another.
        """
        endpoint = (await self._description())["authorization_endpoint"]
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": self.settings.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(endpoint, asked)

    async def claims(self, code: str, verifier: str, nonce: str, issuer: str | None) -> dict[str, Any]:
        """Exchanges a code and returns what the provider signed.

        Args:
            code: from the answer.
            verifier: of the attempt.
            nonce: of the attempt.
            issuer: `iss` of the answer, where it had one.

        Raises:
            ProviderError: the code is not good, or the token is not for us, not now, not this attempt's, or not signed.
        """
        described = await self._description()
        if issuer is not None and issuer != self.settings.issuer:
            raise ProviderError("answer_of_another_issuer")
        if issuer is None and described.get("authorization_response_iss_parameter_supported"):
            raise ProviderError("answer_without_issuer")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": verifier,
        }
        answer = await self._fetch("POST", described["token_endpoint"], form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("no_id_token")
        return await self._verified(token, nonce, answer.get("access_token"))

    async def logout_address(self) -> str | None:
        """Where the browser goes to sign out at the provider, too; None where it offers no such place."""
        endpoint = (await self._description()).get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self.settings.after_logout}
        return _with_query(endpoint, asked)

    async def _verified(self, token: str, nonce: str, access_token: object) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, await self._key_set(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            try:  # it may have changed its keys since
                decoded = jwt.decode(token, await self._key_set(renew=True), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError) as error:
                raise ProviderError("token_not_signed_by_the_provider") from error
        options = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }
        more = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": access_token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, more)
        try:
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderError(f"token_refused {type(error).__name__}") from error
        if decoded.claims.get("nonce") != nonce:
            raise ProviderError("token_of_another_attempt")
        return dict(decoded.claims)

    async def _description(self) -> Mapping[str, Any]:
        async with self._lock:
            if self._described is None:
                place = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = await self._fetch("GET", place)
                if found.get("issuer") != self.settings.issuer:
                    raise ProviderError("description_of_another_issuer")
                if not all(isinstance(found.get(name), str) for name in _NEEDED):
                    raise ProviderError("description_incomplete")
                self._described = found
            return self._described

    async def _key_set(self, *, renew: bool = False) -> jwk.KeySet:
        described = await self._description()
        async with self._lock:
            now = time.monotonic()
            if self._keys is None or renew or now - self._keys[0] > _KEYS_FOR_SECONDS:
                found: Any = await self._fetch("GET", described["jwks_uri"])
                try:
                    self._keys = (now, jwk.KeySet.import_key_set(found))
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise ProviderError("keys_unreadable") from error
            return self._keys[1]

    async def _fetch(self, method: str, address: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object from the provider; its client secret goes in a header, never in an address."""
        settings = self.settings
        login = httpx.BasicAuth(settings.client_id, settings.client_secret) if form is not None else None
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, transport=self._transport) as client:
                answer = await client.request(method, address, data=form, auth=login, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderError(f"unreachable {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK or len(answer.content) > _LARGEST_ANSWER:
            raise ProviderError(f"answered {answer.status_code}")
        try:
            found = answer.json()
        except ValueError as error:
            raise ProviderError("answered no JSON") from error
        if not isinstance(found, dict):
            raise ProviderError("answered no object")
        return found


_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def secret_hash(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
