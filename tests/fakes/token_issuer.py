"""Simulates an OpenID Connect token issuer with discovery document, keys and tokens."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from requests import PreparedRequest

from polysync_core.api.security.callers import Identify, require_credentials
from polysync_core.api.security.tokens import by_token
from polysync_core.domain.security.roles import Role
from polysync_core.domain.security.token_issuer import TokenIssuer
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.signing_keys import SigningKeys
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

ISSUER = "https://id.example.com/realms/main"
AUDIENCE = "api://polysync"
KEYS_URL = "https://keys.example.com/jwks"


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the same key for the same name; a new key takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key(name: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> Any:
    return ec.generate_private_key(curve())


@cache
def ed_key(name: str) -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def public(key: Any, **members: Any) -> dict[str, Any]:
    """Return a public key as an entry of a key set."""
    algorithm: Any = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }
    chosen = next(each for kind, each in algorithm.items() if isinstance(key, kind))
    return {**chosen.to_jwk(key.public_key(), as_dict=True), "use": "sig", **members}


class FakeIssuer:
    """Serves the documents of an issuer and signs tokens; the tests change both."""

    def __init__(self, roles_claim: str = "roles") -> None:
        self.time = VirtualTime()
        self.keys: list[Any] = [public(rsa_key("first"), kid="first")]
        self.discovery: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": KEYS_URL}
        self.failure: Exception | Reply | None = None
        """Replaces every answer of the issuer."""
        self.headers: dict[str, str] = {}
        """The headers of the issuer's answers, such as `Date`."""
        self.transport = ScriptedTransport([self._answer])
        client = ReadClient(transport_to=lambda _scope: self.transport, timer=self.time.timer)
        self.signing_keys = SigningKeys(
            ISSUER, allow_loopback=False, client=client, monotonic=self.time.timer.monotonic
        )
        self.identify: Identify = by_token(
            TokenIssuer(issuer=ISSUER, audience=AUDIENCE, roles_claim=roles_claim),
            self.signing_keys,
            otherwise=require_credentials,
        )

    @property
    def requests(self) -> list[str]:
        """The addresses that were called."""
        return [str(each.url) for each in self.transport.requests]

    def token(
        self,
        *,
        key: Any = None,
        algorithm: str = "RS256",
        kid: str | None = "first",
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Return a signed token; a claim that is None is left out."""
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": now + 600,
            "nbf": now - 10,
            "iat": now - 10,
            "sub": "77",
            "roles": [Role.READER.value],
        }
        payload = {name: value for name, value in (usual | claims).items() if value is not None}
        headers = ({"kid": kid} if kid is not None else {}) | dict(header or {})
        signing = key or rsa_key("first")
        return jwt.encode(payload, signing, algorithm=algorithm, headers=headers)

    def _answer(self, request: PreparedRequest) -> Reply:
        if isinstance(self.failure, Exception):
            raise self.failure
        if self.failure is not None:
            return self.failure
        url = str(request.url)
        if url == f"{ISSUER}/.well-known/openid-configuration":
            return Reply.json(self.discovery, headers=self.headers)
        assert url == KEYS_URL, url
        return Reply.json({"keys": self.keys}, headers=self.headers)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def tampered(token: str, **claims: Any) -> str:
    """Return a token with other claims and the old signature."""
    head, body, signature = token.split(".")
    payload = json.loads(jwt.utils.base64url_decode(body)) | claims
    changed = jwt.utils.base64url_encode(json.dumps(payload).encode()).decode()
    return f"{head}.{changed}.{signature}"
