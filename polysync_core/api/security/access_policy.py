"""Authorizes each request: the caller needs the role of the route.

Requests without a row in the table of roles are refused. Changes are audited before they happen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.audit_record import RECORD_KEY, AuditRecord
from polysync_core.api.security.callers import CALLER_KEY, Caller, Identify, accept_all
from polysync_core.api.security.roles import is_open, methods_of, role_for
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.errors import Forbidden, NotFound, PolysyncError
from polysync_core.domain.roles import Role

_log = logging.getLogger(__name__)

_READ_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """Identifies callers, knows the required roles and audits changes."""

    identify: Identify
    required_role: Callable[[str, str], Role | None] = role_for
    """Returns the role for a method and a path; None if the API has no such route."""
    audit: Audit | None = None


OPEN_ACCESS = AccessPolicy(identify=accept_all, required_role=lambda _method, _path: Role.READER)
"""For parts of the API in isolation, without the table of roles."""


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
        if is_open(method, path):
            await self._app(scope, receive, send)
            return
        try:
            caller = self._authorise(scope, method, path)
            if self._policy.audit is not None and method not in _READ_METHODS:
                record = await _begin_record(self._policy.audit, caller, method, path)
                scope, send = {**scope, RECORD_KEY: record}, _recording_status(record, send)
        except (PolysyncError, HTTPException) as refusal:
            await answer_to(refusal, scope)(scope, receive, send)
            return
        await self._app({**scope, CALLER_KEY: caller}, receive, send)

    def _path(self, scope: Scope) -> str:
        """Return the path without the prefix, which some hosts leave in it."""
        path: str = scope["path"]
        root: str = scope.get("root_path") or self._prefix
        return path.removeprefix(root) if path.startswith(f"{root}/") else path

    def _authorise(self, scope: Scope, method: str, path: str) -> Caller:
        caller = self._policy.identify(scope)
        role = self._policy.required_role(method, path)
        if role is None:
            raise _no_route(path)
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
            raise Forbidden(f"This request needs the app role {role}.")
        return caller


def _no_route(path: str) -> Exception:
    methods = ", ".join(methods_of(path))
    if methods:
        status = HTTPStatus.METHOD_NOT_ALLOWED
        return HTTPException(status, status.phrase, headers={"Allow": methods})
    return NotFound("The API has no such path.")


async def _begin_record(audit: Audit, caller: Caller, method: str, path: str) -> AuditRecord:
    """Write the audit entry before the change happens."""
    entry = await run_in_threadpool(
        audit.begin,
        actor=caller.name,
        object_id=caller.object_id,
        method=method,
        path=path,
    )
    return AuditRecord(audit, entry)


def _recording_status(record: AuditRecord, send: Send) -> Send:
    """Return a `send` that completes the record of a request that changed nothing."""

    async def send_and_record(message: Message) -> None:
        if message["type"] == "http.response.start":
            await run_in_threadpool(record.end, message["status"])
        await send(message)

    return send_and_record
