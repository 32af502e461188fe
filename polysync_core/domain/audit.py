"""What was asked to be changed, by whom and when."""

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
    """Entra's own id of the caller, which stays when names change."""
    method: str
    path: str
    status: int | None
    """The answer; None while there is none, and for good where the app ended in between."""
