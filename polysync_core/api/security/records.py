"""How a request adds to what the audit has of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from polysync_core.application.operations.audit import Audit
from polysync_core.domain.audit import AuditEntry

RECORD_KEY = "polysync.record"
"""Where in the ASGI scope the record of a changing request is."""


@dataclass(slots=True)
class Record:
    """What the audit has of one request."""

    audit: Audit
    entry: AuditEntry
    changes: bool = True
    """Whether the request changes something if it succeeds."""

    def tell_run(self, run_id: str) -> None:
        """Add the run that the request has started."""
        self.entry = self.audit.tell_run(self.entry, run_id)

    def end(self, status: int) -> None:
        """Add the answer where nothing was changed."""
        self.audit.end(self.entry, status, changes=self.changes)


def _record_of(request: Request) -> Record | None:
    return cast("Record | None", request.scope.get(RECORD_KEY))


CurrentRecord = Annotated[Record | None, Depends(_record_of)]
"""The record of the request; None where the app keeps no audit."""


def changes_nothing(record: CurrentRecord) -> None:
    """Say of a request that it changes nothing, though it is recorded."""
    if record is not None:
        record.changes = False
