"""The door: who is let in, and the record of what they change.

Nothing passes that has no row in the table of roles; what changes something is written down first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.callers import CALLER_KEY, Caller, Identify, anyone
from polysync_core.api.security.records import RECORD_KEY, Record
from polysync_core.api.security.roles import is_open, methods_of, role_for
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.errors import Forbidden, NotFound, PolysyncError
from polysync_core.domain.roles import Role

_log = logging.getLogger(__name__)

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """How a door is kept."""

    identify: Identify
    needs: Callable[[str, str], Role | None] = role_for
    """Returns the role that method and path need; None where there is no such request."""
    audit: Audit | None = None


OPEN_DOOR = AccessPolicy(identify=anyone, needs=lambda _method, _path: Role.READER)
"""For a part of the API that stands alone, without the table of roles of the whole."""


class Access:
    """Lets requests pass whose caller has the role that they need."""

    def __init__(self, app: ASGIApp, *, door: AccessPolicy, prefix: str) -> None:
        self._app = app
        self._door = door
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
            caller = self._let_in(scope, method, path)
            changes = method not in _READING and not _only_plans(method, path, scope)
            if self._door.audit is not None and changes:
                record = await _recorded(self._door.audit, caller, method, path)
                scope, send = {**scope, RECORD_KEY: record}, _completing(record, send)
        except (PolysyncError, HTTPException) as refusal:
            await answer_to(refusal, scope)(scope, receive, send)
            return
        await self._app({**scope, CALLER_KEY: caller}, receive, send)

    def _path(self, scope: Scope) -> str:
        """Return the path within the API; hosts differ in whether they leave the prefix in it."""
        path: str = scope["path"]
        root: str = scope.get("root_path") or self._prefix
        return path.removeprefix(root) if path.startswith(f"{root}/") else path

    def _let_in(self, scope: Scope, method: str, path: str) -> Caller:
        caller = self._door.identify(scope)
        needed = self._door.needs(method, path)
        if needed is None:
            methods = ", ".join(methods_of(path))
            if methods:
                status = HTTPStatus.METHOD_NOT_ALLOWED
                raise HTTPException(status, status.phrase, headers={"Allow": methods})
            raise NotFound("The API has no such path.")
        if not caller.may(needed):
            _log.warning(
                "A caller was refused.",
                extra={
                    "action": "request_refused",
                    "actor": caller.name,
                    "method": method,
                    "path": path,
                    "needed": needed.value,
                },
            )
            raise Forbidden(f"This needs the app role {needed}.")
        return caller


def _only_plans(method: str, path: str, scope: Scope) -> bool:
    """Tell whether a request asks for the plan of a document, by the one word that says so."""
    if (method, path) != ("PUT", "/definitions"):
        return False
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1"), keep_blank_values=True).get("dryRun") == ["true"]


async def _recorded(audit: Audit, caller: Caller, method: str, path: str) -> Record:
    """Write down what is about to be done."""
    entry = await run_in_threadpool(
        audit.begin,
        actor=caller.name,
        object_id=caller.object_id,
        method=method,
        path=path,
    )
    return Record(audit, entry)


def _completing(record: Record, send: Send) -> Send:
    """Return a `send` that adds the status of an answer by which nothing was changed."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            await run_in_threadpool(record.end, message["status"])
        await send(message)

    return complete
