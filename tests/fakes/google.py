"""Simulates the Google Cloud services for sign-in and secrets on localhost."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.fakes.keys import rsa_key
from tests.fakes.listener import Answered, Asked, listening

PROJECT = "acme-data-1"
PROVIDER = "projects/123/locations/global/workloadIdentityPools/azure/providers/entra"
SOURCE = "reader@acme-data-1.iam.gserviceaccount.com"
TARGET = "target@acme-data-1.iam.gserviceaccount.com"
ENTRA_TOKEN = "entra-token-of-the-managed-identity"


@cache
def private_key() -> str:
    """Return a service account key in Google's form."""
    return rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def key_json(**changes: Any) -> str:
    """Return the key file of a service account."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": private_key(),
            "client_email": SOURCE,
            "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
            **changes,
        }
    )


def crc32c_of(content: bytes) -> int:
    """Return the CRC-32C checksum, computed bit by bit."""
    register = 0xFFFFFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def refusal(status: int, word: str, message: str = "", reason: str = "") -> Answered:
    """Return an error in the form of Google's APIs."""
    details = [{"reason": reason}] if reason else []
    error = {"code": status, "status": word, "message": message, "details": details}
    return Answered(status, {"error": error})


@dataclass
class FakeGoogle:
    """The state of the fake and its received requests."""

    secrets: dict[str, bytes] = field(default_factory=dict)
    checksum: Callable[[bytes], int | None] = crc32c_of
    scripted: dict[str, list[Answered]] = field(default_factory=dict)
    """Scripted answers by path suffix."""
    asked: list[str] = field(default_factory=list)
    """The paths of all requests."""
    issued: dict[str, str] = field(default_factory=dict)
    """The access tokens and their accounts."""

    def answer(self, asked: Asked) -> Answered:
        path, query = urlsplit(asked.path)[2:4]
        self.asked.append(path)
        for end, answers in self.scripted.items():
            if path.endswith(end) and answers:
                return answers.pop(0)
        match path:
            case "/token":
                return self._by_key(parse_qs(asked.body.decode()))
            case "/v1/token":
                return self._exchange(parse_qs(asked.body.decode()))
            case "/msi/token":
                return self._managed_identity(asked, parse_qs(query))
        caller = self.issued.get(asked.headers.get("Authorization", "").removeprefix("Bearer "))
        if caller is None:
            return refusal(401, "UNAUTHENTICATED")
        if path.startswith("/v1/projects/-/serviceAccounts/"):
            email, _, verb = path.rpartition("/")[2].partition(":")
            return self._acting(caller, email, verb, json.loads(asked.body))
        return self._secret(path)

    def _issue(self, owner: str) -> str:
        token = f"ya29.{len(self.issued)}-{owner}"
        self.issued[token] = owner
        return token

    def _by_key(self, form: dict[str, list[str]]) -> Answered:
        public = _public()
        try:
            claims = jwt.decode(
                form["assertion"][0], public, ["RS256"], options={"verify_aud": False}
            )
        except jwt.InvalidTokenError:
            return Answered(400, {"error": "invalid_grant", "error_description": "Bad signature"})
        if "target_audience" in claims:
            return Answered(
                200, {"id_token": identity_token(claims["iss"], claims["target_audience"])}
            )
        return Answered(200, {"access_token": self._issue(claims["iss"]), "expires_in": 3600})

    def _exchange(self, form: dict[str, list[str]]) -> Answered:
        good = (
            form["subject_token"] == [ENTRA_TOKEN]
            and form["audience"] == [f"//iam.googleapis.com/{PROVIDER}"]
            and form["subject_token_type"] == ["urn:ietf:params:oauth:token-type:jwt"]
            and form["grant_type"] == ["urn:ietf:params:oauth:grant-type:token-exchange"]
        )
        if not good:
            said = f"The subject token {form['subject_token'][0]} is not trusted."
            return Answered(400, {"error": "invalid_grant", "error_description": said})
        content = {"access_token": self._issue("federated"), "expires_in": 3600}
        kind = "urn:ietf:params:oauth:token-type:access_token"
        return Answered(200, {**content, "issued_token_type": kind, "token_type": "Bearer"})

    def _managed_identity(self, asked: Asked, query: dict[str, list[str]]) -> Answered:
        if asked.headers.get("X-IDENTITY-HEADER") != "secret-of-the-host":
            return Answered(401, {"message": "not this host"})
        expires = str(int(time.time()) + 3600)
        content = {"access_token": ENTRA_TOKEN, "expires_on": expires, "token_type": "Bearer"}
        return Answered(200, {**content, "resource": query["resource"][0]})

    def _acting(self, caller: str, email: str, verb: str, body: dict[str, Any]) -> Answered:
        if caller not in {SOURCE, "federated"} or email != TARGET:
            return refusal(403, "PERMISSION_DENIED", f"{caller} may not act as {email}")
        if verb == "generateIdToken":
            return Answered(200, {"token": identity_token(email, body["audience"])})
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return Answered(200, {"accessToken": self._issue(email), "expireTime": end})

    def _secret(self, path: str) -> Answered:
        if path == f"/v1/projects/{PROJECT}/secrets":
            return Answered(200, {"secrets": [], "totalSize": 0})
        name = path.removeprefix(f"/v1/projects/{PROJECT}/secrets/")
        name = name.removesuffix("/versions/latest:access")
        if name not in self.secrets:
            return refusal(404, "NOT_FOUND", f"Secret [{path}] not found or has no versions.")
        content = self.secrets[name]
        payload: dict[str, Any] = {"data": base64.b64encode(content).decode()}
        checksum = self.checksum(content)
        if checksum is not None:
            payload["dataCrc32c"] = str(checksum)
        return Answered(
            200, {"name": f"projects/123/secrets/{name}/versions/1", "payload": payload}
        )


def identity_token(email: str, audience: str) -> str:
    """Return an OIDC token in Google's form."""
    claims = {"email": email, "aud": audience, "exp": int(time.time()) + 3600, "iat": 0}
    return jwt.encode(claims, private_key(), "RS256")


def serving(google: FakeGoogle) -> AbstractContextManager[str]:
    """Serve the fake; yield the address of all its services."""
    return listening(google.answer)


@cache
def _public() -> Any:
    return load_pem_private_key(private_key().encode(), None).public_key()
