"""Access control in front of a protected app, with callers of each role."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from polysync_core.api.security.access_policy import AccessControl, AccessPolicy
from polysync_core.api.security.audit_trail import AuditTrail
from polysync_core.api.security.callers import (
    CALLER_KEY,
    Caller,
    Identify,
    from_app_service,
)
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock
from tests.fakes.client import DirectClient

PRODUCTION = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
KEY_OF_ROLE = {role: new_access_key(role.name.lower(), role) for role in Role}
"""An access key for each role, and its stored form."""
KEYS = [stored for _, stored in KEY_OF_ROLE.values()]


def principal_header(*roles: str, **claims: str) -> dict[str, str]:
    listed = [{"typ": "roles", "val": role} for role in roles]
    listed += [{"typ": kind, "val": value} for kind, value in claims.items()]
    document = {"auth_typ": "aad", "claims": listed}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(document).encode()).decode()}


class ProtectedApp:
    """The app behind access control; it records the callers."""

    def __init__(self) -> None:
        self.callers: list[Caller | None] = []
        self.status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.callers.append(scope.get(CALLER_KEY))
        await PlainTextResponse("ok", status_code=self.status)(scope, receive, send)


def key_header(role: Role) -> dict[str, str]:
    return {"x-functions-key": KEY_OF_ROLE[role][0]}


class World:
    """Access control in front of a protected app."""

    def __init__(self, identify: Identify = from_app_service) -> None:
        self.app, self.store, ids = ProtectedApp(), FakeAuditStore(), count()
        audit = Audit(store=self.store, clock=FakeClock(), new_id=lambda: str(next(ids)))
        policy = AccessPolicy(identify=identify, audit=audit)
        audited = AuditTrail(self.app, audit=audit)
        self.client = DirectClient(
            AccessControl(audited, policy=policy, prefix="/api"), base_url="http://127.0.0.1"
        )

    def send(self, method: str, path: str, headers: Mapping[str, str | bytes] | None = None) -> Any:
        return self.client.request(method, path, headers=headers or {})
