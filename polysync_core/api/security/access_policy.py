"""Identifies the caller of each request, and rejects callers without the route's required role.

Requests without a row in the table of roles are refused.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.audit_trail import PATH_KEY
from polysync_core.api.security.callers import CALLER_KEY, Identify, accept_all
from polysync_core.api.security.role_table import EveryRoute, RoleTable
from polysync_core.api.security.roles import API_ROLES
from polysync_core.api.security.webhook_handshake import handshake
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.errors import Forbidden, NotFound, PolysyncError
from polysync_core.domain.security.roles import Role

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """The parts that identify callers, find required roles, and audit changes."""

    identify: Identify
    roles: RoleTable = API_ROLES
    audit: Audit | None = None


OPEN_ACCESS = AccessPolicy(identify=accept_all, roles=EveryRoute())
"""For parts of the API in isolation, without the table of roles."""


def lacks(role: Role) -> Forbidden:
    """Return the refusal of a caller without a role."""
    return Forbidden(f"This request needs the app role {role}.")


class AccessControl:
    """Middleware that refuses callers without the role of the route."""

    def __init__(self, app: ASGIApp, *, policy: AccessPolicy, prefix: str) -> None:
        self._app = app
        self._policy = policy
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], self._path(scope)
        if self._policy.roles.is_open(method, path):
            await self._app(scope, receive, send)
            return
        try:
            await self._authorise(scope, method, path)
        except (PolysyncError, HTTPException) as refusal:
            await answer_to(refusal, scope)(scope, receive, send)
            return
        if method == "OPTIONS":
            await self._allowed_methods(path, scope)(scope, receive, send)
            return
        await self._app({**scope, PATH_KEY: path}, receive, send)

    def _path(self, scope: Scope) -> str:
        """Return the path without the prefix, which some hosts leave in it."""
        path: str = scope["path"]
        root: str = scope.get("root_path") or self._prefix
        return path.removeprefix(root) if path.startswith(f"{root}/") else path

    async def _authorise(self, scope: Scope, method: str, path: str) -> None:
        caller = await self._policy.identify(scope)
        # The page of a refusal shows who is signed in.
        scope[CALLER_KEY] = caller
        if method == "OPTIONS" and self._policy.roles.methods_of(path):
            return
        role = self._policy.roles.role_for(method, path)
        if role is None:
            raise self._no_route(path)
        if not caller.has(role):
            _log.warning(
                "A caller was refused.",
                extra={
                    "action": "request_refused",
                    "actor": caller.name,
                    "method": method,
                    "path": path,
                    "needed": role.value,
                },
            )
            raise lacks(role)

    def _no_route(self, path: str) -> Exception:
        methods = ", ".join(self._policy.roles.methods_of(path))
        if methods:
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return HTTPException(status, status.phrase, headers={"Allow": methods})
        return NotFound("There is no such path.")

    def _allowed_methods(self, path: str, scope: Scope) -> Response:
        allowed = ", ".join(self._policy.roles.methods_of(path))
        headers = {"Allow": allowed, **handshake(path, Headers(scope=scope))}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
