"""Audit entries: who requested which change, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One changing call of the API."""

    id: str
    at: datetime
    actor: str
    object_id: str | None
    """The Entra object id of the caller, which stays when names change."""
    method: str
    path: str
    status: int | None
    """The answer where nothing was changed (400 and above); None where the change was made, or the
    app ended in its middle: what was changed tells that itself, and a second write is saved."""
    run_id: str | None = None
    """The run that the call has started on a platform, of which Polysync keeps no other record."""
