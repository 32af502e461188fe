"""Implements the middleware that writes an audit entry before each changing request."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.audit_record import RECORD_KEY, AuditRecord
from polysync_core.api.security.callers import CALLER_KEY, Caller
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.errors import PolysyncError

PATH_KEY = "polysync.path"
"""The key of the path without prefix in the ASGI scope of an authorised request."""


class AuditTrail:
    """Middleware that writes an audit entry for each authorised change."""

    def __init__(self, app: ASGIApp, *, audit: Audit, prefix: str = "") -> None:
        self._app = app
        self._audit = audit
        self._prefix = prefix
        """The prefix of the paths in the entries; empty for the API."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET" or CALLER_KEY not in scope:
            await self._app(scope, receive, send)
            return
        try:
            path = f"{self._prefix}{scope[PATH_KEY]}"
            record = await self._begin(scope[CALLER_KEY], scope["method"], path)
        except PolysyncError as refusal:
            await answer_to(refusal, scope)(scope, receive, send)
            return
        await self._app({**scope, RECORD_KEY: record}, receive, _recording_status(record, send))

    async def _begin(self, caller: Caller, method: str, path: str) -> AuditRecord:
        entry = await run_in_threadpool(
            self._audit.begin,
            actor=caller.name,
            object_id=caller.object_id,
            method=method,
            path=path,
        )
        return AuditRecord(self._audit, entry)


def _recording_status(record: AuditRecord, send: Send) -> Send:
    """Return a `send` that completes the record of a request that changed nothing."""

    async def send_and_record(message: Message) -> None:
        if message["type"] == "http.response.start" and record.needs_status(message["status"]):
            await run_in_threadpool(record.add_status, message["status"])
        await send(message)

    return send_and_record
