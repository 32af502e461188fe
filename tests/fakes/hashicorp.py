"""Simulates HashiCorp Vault's HTTP API for reading secrets on localhost."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.listener import Answered, Asked, listening

type Reply = tuple[int, dict[str, Any]]

DENIED: Reply = (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})


@dataclass
class FakeVault:
    """The content of the fake; every path is in a namespace ("" is the root)."""

    mounts: dict[str, int] = field(default_factory=lambda: {"secret": 2, "kv": 1})
    """The version of the key-value engine at each mount."""
    secrets: dict[tuple[str, str, str], dict[str, Any] | None] = field(default_factory=dict)
    """The secrets by namespace, mount and path; None is a deleted version."""
    tokens: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    lease: int = 3600
    sealed: bool = False
    redirect: str | None = None
    logins: int = 0
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """The method, path and namespace of every request."""

    def put(self, path: str, content: dict[str, Any] | None, mount: str = "secret") -> None:
        self.secrets["", mount, path] = content

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Reply:
        namespace = headers.get("X-Vault-Namespace") or ""
        self.asked.append((method, path, namespace or None))
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        parts = path.removeprefix("/v1/").split("/")
        if parts[0] == "auth" and "login" in parts:
            return self._login(parts, body)
        if headers.get("X-Vault-Token") not in self.tokens or path in self.denied:
            return DENIED
        if parts == ["auth", "token", "lookup-self"]:
            return 200, {"data": {"display_name": "token", "policies": ["default"], "ttl": 3600}}
        return self._read(namespace, parts)

    def _login(self, parts: list[str], body: dict[str, Any]) -> Reply:
        self.logins += 1
        if parts[-1] == "login":
            known = self.roles.get(body.get("role_id", ""))
            good = known is not None and known == body.get("secret_id")
        else:
            known = self.users.get(parts[-1])
            good = known is not None and known == body.get("password")
        if not good:
            return 400, {"errors": [f"invalid credentials: {json.dumps(body)}"]}
        token = f"hvs.login-{self.logins}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": self.lease}}

    def _read(self, namespace: str, parts: list[str]) -> Reply:
        mount = parts[0]
        version = self.mounts.get(mount)
        rest = parts[1:]
        if version == 2 and rest and rest[0] == "data":
            rest = rest[1:]
        elif version == 2:
            return 404, {"errors": [], "warnings": ["Invalid path for a versioned K/V secrets"]}
        key = (namespace, mount, "/".join(rest))
        if key not in self.secrets:
            return 404, {"errors": []}
        found = self.secrets[key]
        if version == 1:
            return 200, {"data": found, "lease_duration": 2764800}
        metadata = {"version": 1, "deletion_time": "" if found is not None else "2030-01-01"}
        status = 200 if found is not None else 404
        return status, {"data": {"data": found, "metadata": metadata}}


def serving(vault: FakeVault) -> AbstractContextManager[str]:
    """Serve the fake; yield its address."""

    def answer(asked: Asked) -> Answered:
        if vault.redirect:
            return Answered(307, {}, {"Location": vault.redirect})
        body = json.loads(asked.body or b"{}")
        return Answered(*vault.answer(asked.method, asked.path, asked.headers, body))

    return listening(answer)
