"""Defines the audit entry, the record of one request that changes something."""

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
    """The Entra object id of the caller; it never changes, unlike a name."""
    method: str
    path: str
    status: int | None
    """The status of a call that changed nothing (mostly 400 and above).

    It is None if the change was made, because that saves a second write. It is also None if the
    app stopped during the call.
    """
    run_id: str | None = None
    """The run that the call has started on a platform, which Polysync stores nowhere else."""
