"""Writing down who changes what, before it is done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from polysync_core.domain.audit import AuditEntry
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.stored import Page

_LONGEST_PATH = 1_000
_NOTHING_CHANGED = 400
"""Answers from this status on."""

_log = logging.getLogger(__name__)


class AuditStore(Protocol):
    """Keeps the entries, a day at a time."""

    def put(self, entry: AuditEntry) -> None:
        """Keep an entry; the same again, with its status, takes its place."""
        ...

    def page(self, day: date, *, limit: int, token: str | None = None) -> Page[AuditEntry]:
        """Return the entries of a day in UTC, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The use cases around the record of changes."""

    store: AuditStore
    clock: Clock
    new_id: Callable[[], str]

    def begin(self, *, actor: str, object_id: str | None, method: str, path: str) -> AuditEntry:
        """Write down what is about to be done; where that fails, it must not be done."""
        entry = AuditEntry(
            id=self.new_id(),
            at=self.clock(),
            actor=actor,
            object_id=object_id,
            method=method,
            path=path[:_LONGEST_PATH],
            status=None,
        )
        self.store.put(entry)
        return entry

    def end(self, entry: AuditEntry, status: int, *, changes: bool = True) -> None:
        """Add the answer to a call that changed nothing; a failure is told to the log only."""
        if status >= _NOTHING_CHANGED or not changes:
            self._complete(replace(entry, status=status))

    def add_run(self, entry: AuditEntry, run_id: str) -> AuditEntry:
        """Add the run that a call has started elsewhere; a failure is told to the log only."""
        told = replace(entry, run_id=run_id)
        self._complete(told)
        return told

    def _complete(self, entry: AuditEntry) -> None:
        try:
            self.store.put(entry)
        except PolysyncError:
            _log.exception(
                "What became of a call is missing in the audit.",
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
        """Return the entries of a day in UTC, today's if none is named, newest first."""
        return self.store.page(day or self.clock().date(), limit=limit, token=token)
