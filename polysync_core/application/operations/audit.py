"""Writes and lists audit entries, the records of requests that change something.

An entry is written before the change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.audit import AuditEntry

_MAX_PATH_LENGTH = 1_000

_log = logging.getLogger(__name__)


class AuditStore(Protocol):
    """Stores audit entries by day; every call may raise `Unavailable`."""

    def put(self, entry: AuditEntry) -> None:
        """Store an entry; an entry with the same time and id replaces it."""
        ...

    def page(self, day: date, *, limit: int, token: str | None = None) -> Page[AuditEntry]:
        """Return the entries of a day in UTC, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The use cases of the audit log."""

    store: AuditStore
    clock: Clock
    new_id: Callable[[], str]

    def begin(self, *, actor: str, object_id: str | None, method: str, path: str) -> AuditEntry:
        """Store the entry of a change; the caller must not make the change if this fails."""
        entry = AuditEntry(
            id=self.new_id(),
            at=self.clock(),
            actor=actor,
            object_id=object_id,
            method=method,
            path=path[:_MAX_PATH_LENGTH],
            status=None,
        )
        self.store.put(entry)
        return entry

    def add_status(self, entry: AuditEntry, status: int) -> None:
        """Add the status of a call that failed or changed nothing.

        The call is over, so a failure of the store is only logged.
        """
        self._complete(replace(entry, status=status))

    def add_run(self, entry: AuditEntry, run_id: str) -> AuditEntry:
        """Add the run that a call has started on a platform.

        The run has started, so a failure of the store is only logged.
        """
        completed = replace(entry, run_id=run_id)
        self._complete(completed)
        return completed

    def _complete(self, entry: AuditEntry) -> None:
        try:
            self.store.put(entry)
        except PolysyncError:
            _log.exception(
                "An audit entry could not be completed.",
                extra={
                    "action": "audit_incomplete",
                    "actor": entry.actor,
                    "method": entry.method,
                    "path": entry.path,
                    "status": entry.status,
                    "run_id": entry.run_id,
                },
            )

    def page(self, day: date | None, *, limit: int, token: str | None = None) -> Page[AuditEntry]:
        """Return the entries of a day in UTC, newest first; the default is today."""
        return self.store.page(day or self.clock().date(), limit=limit, token=token)
