"""Lets routes add details to the audit entry of the current request."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Depends, Request

from polysync_core.application.operations.audit import Audit
from polysync_core.domain.security.audit import AuditEntry

RECORD_KEY = "polysync.record"
"""The key of the audit record in the ASGI scope."""


@dataclass(slots=True)
class AuditRecord:
    """The audit entry of one request."""

    audit: Audit
    entry: AuditEntry
    changes: bool = True
    """True if a successful request changes something."""

    def add_run(self, run_id: str) -> None:
        """Add the id of the run that the request started."""
        self.entry = self.audit.add_run(self.entry, run_id)

    def needs_status(self, status: int) -> bool:
        """Return whether the request failed or changed nothing, which the entry must say."""
        return status >= HTTPStatus.BAD_REQUEST or not self.changes

    def add_status(self, status: int) -> None:
        """Add the status of a request that failed or changed nothing."""
        self.audit.add_status(self.entry, status)


async def _record_of(request: Request) -> AuditRecord | None:
    return cast("AuditRecord | None", request.scope.get(RECORD_KEY))


CurrentRecord = Annotated[AuditRecord | None, Depends(_record_of)]
"""The record of the request; None if the app has no audit."""


def changes_nothing(record: CurrentRecord) -> None:
    """Mark a request as one that changes nothing."""
    if record is not None:
        record.changes = False
