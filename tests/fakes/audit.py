"""Implements the audit entry store in memory."""

from __future__ import annotations

from datetime import date

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.audit import AuditEntry


class FakeAuditStore:
    """Stores audit entries by id, and can stop to answer."""

    def __init__(self) -> None:
        self.entries: dict[str, AuditEntry] = {}
        self.answers_left: int | None = None
        """The number of writes that are still answered; None means all."""

    def put(self, entry: AuditEntry) -> None:
        if self.answers_left is not None:
            if self.answers_left == 0:
                raise Unavailable
            self.answers_left -= 1
        self.entries[entry.id] = entry

    def page(self, day: date, *, limit: int, token: str | None = None) -> Page[AuditEntry]:
        found = [entry for entry in self.entries.values() if entry.at.date() == day]
        newest_first = sorted(found, key=lambda entry: entry.at, reverse=True)
        return Page(items=newest_first[:limit], continuation_token=None)
